# gems.rb FOLDER GEM… makes gems of every shape that there is: each of the programs GEM, which are RubyGems of several ages, builds
# one of each, and what none of them builds any more is packed as it was in its time.
require 'fileutils'
require 'openssl'
require 'rubygems/package'
require 'stringio'
require 'zlib'

LONG = 'a' * 90
EVERY_FIELD = <<~'END'
  s.authors = ['Ada', "Grace Ünïcode", "O'Neil: \"quoted\""]
  s.email = ['ada@example.test', 'grace@example.test']
  s.description = "One line.\n\n  Another, indented: it has a colon, # a mark, and 日本語.\n- and a dash\n"
  s.summary = '"quoted", with: a colon & an ampersand * a star, ' + 'and very long ' * 12
  s.homepage = 'https://example.test/every?field=1&other=2'
  s.licenses = ['MIT', 'Apache-2.0']
  s.metadata = {'source_code_uri' => 'https://example.test/source', 'changelog_uri' => 'https://example.test/changes',
                'rubygems_mfa_required' => 'true', 'own_key' => "two\nlines: yes"}
  s.required_ruby_version = '>= 2.5', '< 9', '!= 2.6.1'
  s.required_rubygems_version = '>= 1.3.6'
  s.bindir = 'exe'
  s.executables = ['every']
  s.extra_rdoc_files = ['README.md']
  s.rdoc_options = ['--title', 'Every: field', '--main=README.md']
  s.requirements = ['libmagick, v6.0', 'A good graphics card']
  s.post_install_message = "Thanks:\n  a lot\n\n# not a comment\n"
  s.require_paths = ['lib', 'lib/more']
  s.test_files = ['test/test_every.rb']
  s.date = '2001-02-03'
  s.add_runtime_dependency 'some-thing', '~> 1.0', '>= 1.0.1', '!= 1.0.5'
  s.add_runtime_dependency 'any_thing'
  s.add_runtime_dependency 'pre.thing', '= 2.0.0.beta.3'
  s.add_development_dependency 'rake', '>= 0.a'
END

# What a gemspec says, and the files besides lib/NAME.rb, by the name and the version of each.
SHAPES = {
  %w[every-field 1.2.3] => [EVERY_FIELD, {'exe/every' => "#!/usr/bin/env ruby\n", 'README.md' => '# Every', 'test/test_every.rb' => '',
                                          'lib/more/x.rb' => ''}],
  %w[no-files 1.0] => ['s.files = []', {}],
  %w[A-b_c.d 1.0] => ['', {}], %w[net-http2 1.0] => ['', {}], %w[x-2.odd 1.0] => ['', {}],
  ["long-#{LONG}", '1.0'] => ['', {}],
  %w[version 0] => ['', {}], %w[version 1] => ['', {}], %w[version 1.0.0.0.1] => ['', {}], %w[version 20240101] => ['', {}],
  %w[version 2.0.0.pre1] => ['', {}], %w[version 2.0.0.alpha.1] => ['', {}], %w[version 2.a] => ['', {}], %w[version 3.0.rc10.1] => ['', {}],
  %w[odd-files 1.0] => ['', {'with space.txt' => 'a', 'ünïcode.txt' => 'b', '.hidden' => 'c', 'empty' => '', 'a+b=c@d.txt' => 'd',
                             "deep/#{LONG}/#{'b' * 60}/x.txt" => 'e', 'crlf.txt' => "a\r\nb\r\n"}],
  %w[backslash 1.0] => ['', {'back\\slash.txt' => 'f'}],
  %w[large-file 1.0] => ['', {'random.bin' => Random.new(1).bytes(3 << 20)}],
  %w[compressible 1.0] => ['', {'zeros.bin' => "\0" * (8 << 20)}],
  %w[linked 1.0] => ["s.files = ['lib/linked.rb', 'lib/other.rb', 'bin/linked']", {'bin/linked' => "#!/bin/sh\n"}],
  %w[native 1.0] => ["s.extensions = ['ext/native/extconf.rb']",
                     {'ext/native/extconf.rb' => "File.write('Makefile', \"all:\\ninstall:\\nclean:\\n\")\n"}],
  %w[needs-many 1.0] => [(1..150).map { |n| "s.add_runtime_dependency 'needed-#{n}', '>= #{n}.0'\n" }.join, {}],
  %w[signed 1.0] => ["s.cert_chain = ['../../signer.pem']\ns.signing_key = '../../signer.key'", {}],
  %w[signed-by-two 1.0] => ["s.cert_chain = ['../../root.pem', '../../issued.pem']\ns.signing_key = '../../issued.key'", {}]
}
%w[java jruby x86_64-linux x86_64-linux-gnu x86_64-linux-musl aarch64-linux arm-linux-gnueabihf arm64-darwin universal-darwin-20
   x86_64-darwin-19 x64-mingw-ucrt x64-mingw32 x86-mingw32 x86-mswin32-60 mswin32 wasm32-wasi x86_64-freebsd-13 universal-java-11
   powerpc-aix-7].each { |platform| SHAPES[["for-#{platform}", '1.0']] = ["s.platform = '#{platform}'", {}] }

folder, *programs = ARGV
FileUtils.rm_rf(folder)
FileUtils.mkdir_p(folder)
folder = File.realpath(folder)

# certificate makes a key and a certificate as gem cert does, the second by the issuer's hand.
def certificate(folder, name, issuer = nil, issuer_key = nil)
  key = OpenSSL::PKey::RSA.new(2048)
  File.write("#{folder}/#{name}.key", key.to_pem)
  certificate = OpenSSL::X509::Certificate.new
  certificate.version, certificate.serial, certificate.public_key = 2, name.sum, key
  certificate.subject = OpenSSL::X509::Name.parse("CN=#{name}/DC=example/DC=test")
  certificate.issuer = (issuer || certificate).subject
  certificate.not_before, certificate.not_after = Time.now - 60, Time.now + 86_400 * 365
  certificate.sign(issuer_key || key, 'SHA256')
  File.write("#{folder}/#{name}.pem", certificate.to_pem)
  [certificate, key]
end

def fill(work, name, files)
  {"lib/#{name}.rb" => "# #{name}\n"}.merge(files).each do |file, content|
    FileUtils.mkdir_p(File.dirname("#{work}/#{file}"))
    File.binwrite("#{work}/#{file}", content)
    File.chmod(0o755, "#{work}/#{file}") if content.start_with?('#!')
  end
  File.symlink('linked.rb', "#{work}/lib/other.rb") if name == 'linked'
end

certificate(folder, 'signer')
certificate(folder, 'issued', *certificate(folder, 'root'))
programs.each_with_index do |program, age|
  SHAPES.each_with_index do |((name, version), (said, files)), at|
    work = "#{folder}/made/#{age}-#{at}"
    FileUtils.mkdir_p(work)
    fill(work, name, files)
    unless said.include?('s.files')
      said += "\ns.files = #{(["lib/#{name}.rb"] + files.keys).uniq.inspect}"
    end
    File.write("#{work}/of.gemspec", <<~END)
      Gem::Specification.new do |s|
        s.name, s.version = '#{name}_#{age}', '#{version}'
        s.summary, s.authors = 'Of the shape #{name}', ['Somebody']
        #{said}
      end
    END
    system(program, 'build', '--force', 'of.gemspec', chdir: work, out: File::NULL, err: File::NULL) || warn("#{program} does not build #{name}")
    FileUtils.mv(Dir["#{work}/*.gem"], folder)
  end
end

# What RubyGems wrote in its first years. The data came first, and there were no checksums.
OLD = {
  'of-2004-0.8.0' => <<~'END',
    --- !ruby/object:Gem::Specification 
    rubygems_version: 0.8.1
    specification_version: 1
    name: of-2004
    version: !ruby/object:Gem::Version 
      version: 0.8.0
    date: 2004-10-18
    summary: Of the first year.
    require_paths: 
      - lib
    author: Somebody
    email: somebody@example.test
    homepage: http://example.test
    rubyforge_project: old
    description: "A long description that was folded, by a program that
      does not exist any more: \"Syck\"."
    autorequire: old
    default_executable: 
    bindir: bin
    has_rdoc: true
    required_ruby_version: !ruby/object:Gem::Version::Requirement 
      requirements: 
        - 
          - ">"
          - !ruby/object:Gem::Version 
            version: 0.0.0
      version: 
    platform: ruby
    files: 
      - lib/old.rb
    test_files: []
    rdoc_options: []
    extra_rdoc_files: []
    executables: []
    extensions: []
    requirements: []
    dependencies: 
      - !ruby/object:Gem::Dependency 
        name: needle
        version_requirement: 
        version_requirements: !ruby/object:Gem::Version::Requirement 
          requirements: 
            - 
              - ">="
              - !ruby/object:Gem::Version 
                version: 0.5.0
          version: 
  END
  'of-2007-1.0.1-x86-mswin32' => <<~'END',
    --- !ruby/object:Gem::Specification 
    name: of-2007
    version: !ruby/object:Gem::Version 
      version: 1.0.1
    platform: !ruby/object:Gem::Platform 
      cpu: x86
      os: mswin32
      version: 
    authors: 
    - Somebody
    autorequire: 
    bindir: bin
    cert_chain: []

    date: 2007-05-27 00:00:00 +02:00
    default_executable: 
    dependencies: []

    description: ""
    email: 
    executables: []

    extensions: []

    extra_rdoc_files: []

    files: 
    - lib/old.rb
    has_rdoc: false
    homepage: 
    post_install_message: 
    rdoc_options: []

    require_paths: 
    - lib
    required_ruby_version: !ruby/object:Gem::Requirement 
      requirements: 
      - - ">="
        - !ruby/object:Gem::Version 
          version: "0"
      version: 
    required_rubygems_version: !ruby/object:Gem::Requirement 
      requirements: 
      - - ">="
        - !ruby/object:Gem::Version 
          version: "0"
      version: 
    requirements: []

    rubyforge_project: 
    rubygems_version: 1.2.0
    signing_key: 
    specification_version: 2
    summary: Of another system
    test_files: []

  END
  'of-2011-2.0.0.rc.1' => <<~'END'
    --- !ruby/object:Gem::Specification
    name: of-2011
    version: !ruby/object:Gem::Version
      hash: 15424055
      prerelease: 6
      segments:
      - 2
      - 0
      - 0
      - rc
      - 1
      version: 2.0.0.rc.1
    platform: ruby
    authors:
    - !binary |-
      w4dhxJ9sYQ==
    autorequire:
    bindir: bin
    cert_chain: []
    date: 2011-11-05 00:00:00.000000000Z
    dependencies:
    - !ruby/object:Gem::Dependency
      name: activesupport
      requirement: &70220421 !ruby/object:Gem::Requirement
        none: false
        requirements:
        - - ~>
          - !ruby/object:Gem::Version
            version: 3.0.0
            segments:
            - 3
            - 0
            - 0
      type: :runtime
      prerelease: false
      version_requirements: *70220421
    - !ruby/object:Gem::Dependency
      name: rspec
      requirement: &70220422 !ruby/object:Gem::Requirement
        none: false
        requirements:
        - - ! '>='
          - !ruby/object:Gem::Version
            hash: 3
            segments:
            - 0
            version: '0'
      type: :development
      prerelease: false
      version_requirements: *70220422
    description: ! "Many lines.\n\n  Some indented"
    email:
    executables: []
    extensions: []
    extra_rdoc_files: []
    files:
    - !binary |-
      bGliL29sZC5yYg==
    homepage: ''
    licenses: []
    post_install_message: !!null
    rdoc_options: []
    require_paths:
    - lib
    required_ruby_version: !ruby/object:Gem::Requirement
      none: false
      requirements:
      - - ! '>='
        - !ruby/object:Gem::Version
          version: '0'
    required_rubygems_version: !ruby/object:Gem::Requirement
      none: false
      requirements:
      - - ! '>'
        - !ruby/object:Gem::Version
          version: 1.3.1
    requirements: []
    rubyforge_project:
    rubygems_version: 1.8.11
    signing_key:
    specification_version: 3
    summary: ! 'With marks: and more'
    test_files: []
    has_rdoc:
  END
}.freeze

def tar(files)
  out = StringIO.new(''.b)
  Gem::Package::TarWriter.new(out) { |tar| files.each { |name, content| tar.add_file_simple(name, 0o644, content.bytesize) { |f| f.write(content) } } }
  out.string
end

OLD.each do |name, metadata|
  File.binwrite("#{folder}/#{name}.gem",
                tar('data.tar.gz' => Zlib.gzip(tar('lib/old.rb' => "OLD = true\n")), 'metadata.gz' => Zlib.gzip(metadata)))
end
FileUtils.rm_rf(["#{folder}/made", *Dir["#{folder}/*.{pem,key}"]])
