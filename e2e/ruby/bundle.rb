# bundle, of whatever Bundler is on the load path.
require 'rubygems'
require 'bundler'
require 'bundler/friendly_errors'
Bundler.with_friendly_errors do
  require 'bundler/cli'
  Bundler::CLI.start ARGV, debug: true
end
