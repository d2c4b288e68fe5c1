# gems.rb says what RubyGems reads in gems. Of each file that is named in a line of the input it prints a line of JSON: what the gem
# is called, and its line of an info file without checksum. Behind a tab may stand a file of a quick specification: then it also says
# what that tells otherwise.
require 'json'
require 'rubygems/package'
require 'zlib'

# What clients read of a quick specification, but for licences, which RubyGems drops.
TOLD = %i[name version platform dependencies required_ruby_version required_rubygems_version summary description homepage authors email
          metadata date]

# told is what a specification says under a name, so that it can be compared. Authors are compared as bytes: a text that YAML has as
# binary is told as the UTF-8 that it is.
def told(spec, member)
  value = spec.public_send(member)
  case member
  when :dependencies then value.map { |d| "#{d.type} #{d.name} #{needs(d.requirement, '&')}" }.sort
  when :required_ruby_version, :required_rubygems_version then needs(value, '&')
  when :authors, :email then Array(value).map { |text| text.to_s.b }.reject(&:empty?)
  when :date then value.strftime('%F')
  when :platform then Gem::Platform.new(value.to_s).to_s
  else value.to_s
  end
end

def needs(requirement, joint)
  requirement.requirements.map { |op, version| "#{op} #{version}" }.sort.join(joint)
end

def line(spec)
  slug = spec.original_name.delete_prefix("#{spec.name}-")
  dependencies = spec.runtime_dependencies.sort_by(&:name).map { |d| "#{d.name}:#{needs(d.requirement, '&')}" }
  wanted = {ruby: spec.required_ruby_version, rubygems: spec.required_rubygems_version}
  wanted.reject! { |_, requirement| requirement.nil? || requirement.none? }
  "#{slug} #{dependencies.join(',')}|#{wanted.map { |what, requirement| "#{what}:#{needs(requirement, '&')}" }.join(',')}"
end

def differences(spec, quick)
  other = Marshal.load(Zlib.inflate(File.binread(quick)))
  members = spec.date == Gem::Specification::TODAY ? TOLD - [:date] : TOLD # where there is none RubyGems makes up today's
  members.filter_map do |member|
    got, want = told(other, member), told(spec, member)
    "#{member}: got #{got.inspect}, want #{want.inspect}" unless got == want
  end
end

$stdin.each_line(chomp: true) do |names|
  file, quick = names.split("\t")
  begin
    spec = Gem::Package.new(file).spec
    said = {file: file, name: spec.name, version: spec.version.to_s, platform: spec.original_platform.to_s, fullName: spec.original_name,
            line: line(spec)}
    said[:differences] = differences(spec, quick) if quick
  rescue StandardError => e
    said = {file: file, error: "#{e.class}: #{e.message}"}
  end
  puts JSON.generate(said)
end
