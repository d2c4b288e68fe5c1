package maven

import (
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"entrepot/artifact"
	"entrepot/format/formattest"
	"entrepot/repository"
	"entrepot/upstream"
)

// versionsIn are the versions that the document of a package lists through a repository.
func (s *site) versionsIn(repo, name string) []string {
	s.t.Helper()
	m, err := readMetadata(s.gets(http.StatusOK, repo, index(name)).Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return m.versions
}

func (s *site) lists(repo, name string, want ...string) {
	s.t.Helper()
	if got := s.versionsIn(repo, name); !slices.Equal(got, want) {
		s.t.Fatalf("%s through %s: got %v, want %v", name, repo, got, want)
	}
}

func TestProxy(t *testing.T) {
	const jar = "the bytes of a jar"
	t.Run("T23 the POM brings the promise of the jar, the sources and the javadoc that are there", func(t *testing.T) {
		s := newChain(t)
		for _, rest := range []string{".pom", ".jar", "-sources.jar", "-linux.jar"} {
			s.offer(central, file("lib:1.0", rest), pomOf("lib:1.0", "<name>A lib</name>"))
		}
		s.gets(http.StatusOK, "team", file("lib:1.0", ".pom"))
		for _, repo := range []string{"team", "gateway"} {
			v := s.comesToHold(repo, key("lib:1.0"), "lib-1.0-sources.jar?", "lib-1.0.jar?", "lib-1.0.pom")
			if v.Details.DisplayName != "A lib" || v.Origin.Connection != central {
				t.Errorf("%s: got %v from %v, want what the POM tells", repo, v.Details, v.Origin)
			}
		}
		if _, ok := s.held("shared", key("lib:1.0")); ok {
			t.Error("a repository between retained it")
		}
	})
	t.Run("T24 an asset with another name comes when it is asked for, into both repositories", func(t *testing.T) {
		s := newChain(t)
		s.offer(central, file("lib:1.0", ".pom"), pomOf("lib:1.0"))
		s.offer(central, file("lib:1.0", "-linux.jar"), jar)
		s.gets(http.StatusOK, "team", file("lib:1.0", ".pom"))
		before := s.mustHold("team", key("lib:1.0")).Revision
		s.reads("team", file("lib:1.0", "-linux.jar"), jar)
		for _, repo := range []string{"team", "gateway"} {
			s.comesToHold(repo, key("lib:1.0"), "lib-1.0-linux.jar", "lib-1.0.pom")
		}
		if s.mustHold("team", key("lib:1.0")).Revision == before {
			t.Error("a late asset left the revision as it was")
		}
	})
	t.Run("what a registry has of a version is looked at and kept ahead of time, a file at a time", func(t *testing.T) {
		s := newChain(t)
		for _, rest := range []string{".pom", ".jar", "-sources.jar", "-linux.jar"} {
			s.offer(central, file("lib:1.0", rest), pomOf("lib:1.0"))
		}
		looks := func(want ...string) {
			t.Helper()
			found, err := s.Shelf("team", artifact.Maven).Prospect(t.Context(), key("lib:1.0"))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, a := range found.Assets {
				if a.Promised {
					a.Name += "?"
				}
				got = append(got, a.Name)
			}
			slices.Sort(got)
			if !slices.Equal(got, want) {
				t.Errorf("got %v, want %v", got, want)
			}
		}
		looks("lib-1.0-sources.jar?", "lib-1.0.jar?", "lib-1.0.pom?")
		if _, ok := s.held("team", key("lib:1.0")); ok {
			t.Error("a look has kept the version")
		}
		for _, name := range []string{"lib-1.0.jar", "lib-1.0-linux.jar"} {
			found, err := s.Shelf("team", artifact.Maven).Prefetch(t.Context(), key("lib:1.0"), name, time.Minute)
			if err != nil || found.Ending != repository.Served || found.Assets[0].Promised || found.Assets[0].SHA1 == [20]byte{} {
				t.Errorf("%s: got %+v, %v", name, found, err)
			}
		}
		// The POM is kept as well while nobody waits: it describes the version.
		s.comesToHold("team", key("lib:1.0"), "lib-1.0-linux.jar", "lib-1.0-sources.jar?", "lib-1.0.jar", "lib-1.0.pom")
		looks("lib-1.0-linux.jar", "lib-1.0-sources.jar?", "lib-1.0.jar", "lib-1.0.pom")
		s.Registry(central).Fail()
		looks("lib-1.0-linux.jar", "lib-1.0-sources.jar?", "lib-1.0.jar", "lib-1.0.pom")
		s.reads("team", file("lib:1.0", "-linux.jar"), pomOf("lib:1.0"))
	})
	t.Run("what a kept POM refers to is told to whoever wants it kept ahead of time", func(t *testing.T) {
		s := newChain(t)
		s.offer(central, file("lib:1.0", ".pom"), pomOf("lib:1.0", `<parent><groupId>com.acme</groupId><artifactId>parent</artifactId><version>3</version></parent>
			<dependencyManagement><dependencies>
				<dependency><groupId>${project.groupId}</groupId><artifactId>bom</artifactId><version>${project.version}</version><type>pom</type><scope>import</scope></dependency>
				<dependency><groupId>com.acme</groupId><artifactId>other</artifactId><version>${other}</version><type>pom</type><scope>import</scope></dependency>
				<dependency><groupId>com.acme</groupId><artifactId>managed</artifactId><version>1</version></dependency>
				<dependency><groupId>com.acme</groupId><artifactId>range</artifactId><version>[1,2)</version><scope>import</scope></dependency>
			</dependencies></dependencyManagement>
			<distributionManagement><relocation><artifactId>moved</artifactId></relocation></distributionManagement>`))
		want := []artifact.VersionKey{key("parent:3"), key("bom:1.0"), key("moved:1.0")}
		shelf := s.Shelf("team", artifact.Maven)
		found, err := shelf.Prospect(t.Context(), key("lib:1.0"))
		if err != nil || len(found.Needs) > 0 {
			t.Fatalf("got %v, %v, want nothing of a POM that is not here", found.Needs, err)
		}
		found, err = shelf.Prefetch(t.Context(), key("lib:1.0"), "lib-1.0.pom", time.Minute)
		if err != nil || !slices.Equal(found.Needs, want) {
			t.Errorf("got %v, %v, want %v", found.Needs, err, want)
		}
		found, err = shelf.Prospect(t.Context(), key("lib:1.0"))
		if err != nil || !slices.Equal(found.Needs, want) {
			t.Errorf("a look: got %v, %v, want %v", found.Needs, err, want)
		}
	})
	t.Run("T25 a version gets no asset of another registry", func(t *testing.T) {
		s := newSite(t)
		s.Fork(central, clojars)
		s.offer(central, file("lib:1.0", ".pom"), pomOf("lib:1.0"))
		s.offer(clojars, file("lib:1.0", "-linux.jar"), jar)
		s.gets(http.StatusOK, "team", file("lib:1.0", ".pom"))
		s.gets(http.StatusNotFound, "team", file("lib:1.0", "-linux.jar"))
	})
	t.Run("neither a stale listing nor none hides a version that is asked for by its file", func(t *testing.T) {
		s := newChain(t)
		s.offer(central, index("stale"), listingOf("stale", "1.0"))
		s.lists("team", "stale", "1.0")
		for name, listed := range map[string][]string{"stale": {"1.0"}, "unlisted": nil} {
			s.offer(central, file(name+":2.0", ".pom"), pomOf(name+":2.0"))
			s.reads("team", file(name+":2.0", ".pom"), pomOf(name+":2.0"))
			s.lists("team", name, append(listed, "2.0")...)
		}
	})
	t.Run("a version without a POM is found by its jar", func(t *testing.T) {
		s := newChain(t)
		s.offer(central, file("old:1.0", ".jar"), jar)
		s.gets(http.StatusNotFound, "team", file("old:1.0", ".pom"))
		s.reads("team", file("old:1.0", ".jar"), jar)
	})
	t.Run("what is not there is asked for once, and no listing for it", func(t *testing.T) {
		s := newChain(t)
		for range 5 {
			s.gets(http.StatusNotFound, "team", file("none:1.0", ".pom"))
			s.gets(http.StatusNotFound, "team", file("none:1.0", ".pom.sha1"))
			s.gets(http.StatusNotFound, "team", index("none"))
			s.gets(http.StatusNotFound, "team", index("none")+".md5")
		}
		if file, listing := s.Registry(central).Asked("com/acme/none/1.0"), s.Registry(central).Asked(index("none")); file != 1 || listing != 1 {
			t.Errorf("the file was asked for %d times and the listing %d times, want once each", file, listing)
		}
	})
	t.Run("snapshots never come from a registry", func(t *testing.T) {
		s := newChain(t)
		const build = "1.0-20260301.120000-1"
		s.offer(central, index("snap"), listingOf("snap", "1.0-SNAPSHOT", "0.9"))
		s.offer(central, index("snap/1.0-SNAPSHOT"), snapshotOfBuild("snap", "1.0-SNAPSHOT", build, "jar"))
		s.offer(central, buildFile("snap", "1.0-SNAPSHOT", build, ".jar"), jar)
		s.offer(central, file("snap:1.0-SNAPSHOT", ".jar"), jar)
		s.lists("team", "snap", "0.9")
		s.gets(http.StatusNotFound, "team", index("snap/1.0-SNAPSHOT"))
		s.gets(http.StatusNotFound, "team", buildFile("snap", "1.0-SNAPSHOT", build, ".jar"))
		s.gets(http.StatusNotFound, "team", file("snap:1.0-SNAPSHOT", ".jar"))
	})
	t.Run("T19 what is kept outlives the registry, with its checksums and its listing", func(t *testing.T) {
		s := newChain(t)
		s.offer(central, index("lib"), listingOf("lib", "1.0", "1.1"))
		s.offer(central, file("lib:1.0", ".jar"), jar)
		s.reads("team", file("lib:1.0", ".jar"), jar)
		s.lists("team", "lib", "1.0", "1.1")
		s.Registry(central).Fail()
		s.reads("team", file("lib:1.0", ".jar"), jar)
		s.reads("team", file("lib:1.0", ".jar.sha1"), sumOf(sha1Sum, jar))
		s.lists("team", "lib", "1.0", "1.1")
		s.gets(http.StatusServiceUnavailable, "team", file("lib:1.1", ".jar"))
	})
	t.Run("a checksum that is asked for first is that of the file, which is kept for it", func(t *testing.T) {
		s := newChain(t)
		s.offer(central, file("lib:1.0", ".jar"), jar)
		s.offer(central, file("lib:1.0", ".jar.sha512"), sumOf(sha512Sum, jar))
		s.reads("team", file("lib:1.0", ".jar.sha512"), sumOf(sha512Sum, jar))
		if a, ok := s.mustHold("team", key("lib:1.0")).Asset("lib-1.0.jar"); !ok || a.Promised {
			t.Error("the file was not kept")
		}
	})
	t.Run("the document is of the nearest repository that has the version, and of every registry", func(t *testing.T) {
		s := newSite(t)
		s.Fork(central, clojars)
		s.offer(central, index("lib"), listingOf("lib", "1.0", "1.0-alpha-1", "1.10"))
		s.offer(clojars, index("lib"), listingOf("lib", "1.9", "1.0"))
		w := s.gets(http.StatusOK, "team", index("lib"))
		m, err := readMetadata(w.Body)
		if err != nil {
			t.Fatal(err)
		}
		if want := []string{"1.0-alpha-1", "1.0", "1.9", "1.10"}; !slices.Equal(m.versions, want) || m.latest != "1.10" ||
			m.release != "1.10" || m.updated != "20261122214250" {
			t.Errorf("got %+v, want %v", m, want)
		}
	})
}

func TestProxyTakesWhatTheRegistryPromises(t *testing.T) {
	const jar = "the bytes of a jar"
	path := file("lib:1.0", ".jar")
	upper := func(c checksum, text string) string { return strings.ToUpper(sumOf(c, text)) }
	for _, test := range []struct {
		name   string
		sums   map[string]string // what lies beside the file, by suffix
		status int
	}{
		{"nothing is promised", nil, 200},
		{"sha1 is right", map[string]string{".sha1": sumOf(sha1Sum, jar)}, 200},
		{"sha1 is right, in capitals and with a name", map[string]string{".sha1": upper(sha1Sum, jar) + "  lib-1.0.jar\n"}, 200},
		{"sha1 comes after a name", map[string]string{".sha1": "SHA1(lib-1.0.jar)= " + sumOf(sha1Sum, jar)}, 200},
		{"sha1 is wrong", map[string]string{".sha1": sumOf(sha1Sum, "other")}, 502},
		{"sha1 is wrong, and md5 right", map[string]string{".sha1": sumOf(sha1Sum, "other"), ".md5": sumOf(md5Sum, jar)}, 502},
		{"sha1 is no checksum, and nothing else is there", map[string]string{".sha1": "soon"}, 200},
		{"sha1 is no checksum, and md5 is right", map[string]string{".sha1": "soon", ".md5": sumOf(md5Sum, jar)}, 200},
		{"sha1 is no checksum, and md5 is wrong", map[string]string{".sha1": "soon", ".md5": sumOf(md5Sum, "other")}, 502},
		{"only sha256 is there, and wrong", map[string]string{".sha256": sumOf(sha256Sum, "other")}, 502},
		{"only sha512 is there, and right", map[string]string{".sha512": sumOf(sha512Sum, jar)}, 200},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newChain(t)
			s.offer(central, path, jar)
			for suffix, sum := range test.sums {
				s.Registry(central).Put(path+suffix, "text/plain", []byte(sum))
			}
			s.gets(test.status, "team", path)
			if _, ok := s.held("gateway", key("lib:1.0")); ok != (test.status == 200) {
				t.Errorf("the version is held: %v", ok)
			}
		})
	}
	t.Run("headers of the answer come before files beside it", func(t *testing.T) {
		right, wrong := http.Header{}, http.Header{}
		right.Set("X-Checksum-Sha1", sumOf(sha1Sum, jar))
		right.Set("X-Checksum-Md5", "soon")
		wrong.Set("X-Checksum-Sha512", sumOf(sha512Sum, "other"))
		s := newChain(t)
		for header, status := range map[*http.Header]int{&right: 200, &wrong: 502} {
			s.Registry(central).PutWith(path, *header, []byte(jar))
			s.Registry(central).Put(path+".sha1", "text/plain", []byte(sumOf(sha1Sum, fmt.Sprint(status))))
			s.gets(status, "team", path)
			if status == 200 {
				s.Delete("team", key("lib:1.0"))
				s.Delete("gateway", key("lib:1.0"))
			}
		}
		if n := s.Registry(central).Asked(path + ".sha1"); n != 0 {
			t.Errorf("a checksum file was asked for %d times, although the answer had one in its header", n)
		}
	})
}

// A file and its checksum are asked for as early as may be, and nothing is asked for twice.
func TestTheWayOfAColdFile(t *testing.T) {
	const jar = "the bytes of a jar"
	offered := func(t *testing.T) *site {
		s := newChain(t)
		for _, rest := range []string{".pom", ".jar"} {
			s.offer(central, file("lib:1.0", rest), jar)
			s.Registry(central).Put(file("lib:1.0", rest+".sha1"), "text/plain", []byte(sumOf(sha1Sum, jar)))
		}
		return s
	}
	costs := func(s *site, path string, asked, fetched int) {
		s.t.Helper()
		r := s.Registry(central)
		// Whatever begins like the path is counted with it, and that is its checksums.
		if a, f := r.Asked(path)-r.Asked(path+"."), r.Fetched(path); a != asked || f != fetched {
			s.t.Errorf("%s was asked for %d times, %d of them for the content; want %d and %d", path, a, f, asked, fetched)
		}
	}
	t.Run("one request for it and one for its checksum, which does not wait for its end", func(t *testing.T) {
		s := offered(t)
		path := file("lib:1.0", ".jar")
		release := s.Registry(central).Hold(path)
		defer release()
		came := make(chan *httptest.ResponseRecorder, 1)
		go func() { came <- s.do("GET", "team", path, "") }()
		for end := time.Now().Add(time.Minute); s.Registry(central).Fetched(path+".sha1") == 0; time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				t.Fatal("the checksum is not asked for while the file comes")
			}
		}
		release()
		if w := <-came; w.Code != http.StatusOK || w.Body.String() != jar {
			t.Fatalf("got %d %.300s", w.Code, w.Body)
		}
		costs(s, path, 1, 1)
		costs(s, path+".sha1", 1, 1)
	})
	t.Run("a file on record is asked for together with its checksum, where headers have none", func(t *testing.T) {
		s := offered(t)
		s.reads("team", file("lib:1.0", ".pom"), jar) // after which its registry is known for silent headers
		s.comesToHold("team", key("lib:1.0"), "lib-1.0.jar?", "lib-1.0.pom")
		path := file("lib:1.0", ".jar")
		src := s.Rules.Sources[central].(*source)
		request, err := src.Asset(t.Context(), s.mustHold("team", key("lib:1.0")), "lib-1.0.jar")
		if err != nil {
			t.Fatal(err)
		}
		answer, promised := make(chan http.Header), make(chan upstream.Want, 1)
		go func() {
			want, err := request.Promise(t.Context(), answer)
			if err != nil {
				t.Error(err)
			}
			promised <- want
		}()
		for end := time.Now().Add(time.Minute); s.Registry(central).Fetched(path+".sha1") == 0; time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				t.Fatal("the checksum is not asked for before the registry answers")
			}
		}
		answer <- http.Header{}
		if want := <-promised; hex.EncodeToString(want.SHA1) != sumOf(sha1Sum, jar) {
			t.Errorf("got %x", want.SHA1)
		}
		s.reads("team", path, jar)
		costs(s, path, 2, 1) // it was looked for while nobody waited
		costs(s, path+".sha1", 1, 1)
	})
	t.Run("a registry that has checksums in its headers is asked for no other", func(t *testing.T) {
		s := offered(t)
		header := http.Header{}
		header.Set("X-Checksum-Sha1", sumOf(sha1Sum, jar))
		for _, rest := range []string{".pom", ".jar"} {
			s.Registry(central).PutWith(file("lib:1.0", rest), header, []byte(jar))
		}
		s.reads("team", file("lib:1.0", ".pom"), jar)
		s.comesToHold("team", key("lib:1.0"), "lib-1.0.jar?", "lib-1.0.pom")
		s.reads("team", file("lib:1.0", ".jar"), jar)
		for _, rest := range []string{".pom", ".jar"} {
			costs(s, file("lib:1.0", rest+".sha1"), 0, 0)
		}
	})
	t.Run("fifty who want at once what is not there cost one request", func(t *testing.T) {
		s := offered(t)
		path := file("lib:1.0", ".war")
		var asking sync.WaitGroup
		for range 50 {
			asking.Go(func() {
				if w := s.do("GET", "team", path, ""); w.Code != http.StatusNotFound {
					t.Errorf("got %d %.300s", w.Code, w.Body)
				}
			})
		}
		asking.Wait()
		costs(s, path, 1, 1)
		costs(s, path+".sha1", 0, 0)
	})
}

func TestGroups(t *testing.T) {
	const group = "com/acme/build/" + metadataFile
	plugins := func(list ...plugin) string { return rendered(metadata{plugins: list}) }
	inGroup := func(name, version, rest string) string {
		return "com/acme/build/" + name + "/" + version + "/" + fileStem(name, version) + rest
	}
	s := newChain(t)
	s.Repository("own", "shelf")
	s.gets(http.StatusNotFound, "team", group)
	s.offer(central, group, plugins(plugin{"Outer", "outer", "outer-maven-plugin"}, plugin{"Theirs", "demo", "x-maven-plugin"}))
	s.reads("team", group, plugins(plugin{"Theirs", "demo", "x-maven-plugin"}, plugin{"Outer", "outer", "outer-maven-plugin"}))
	s.reads("team", group+".sha1", sumOf(sha1Sum, s.gets(200, "team", group).Body.String()))

	s.Repository("ours", "gateway")
	mine := plugins(plugin{"Demo", "demo", "demo-maven-plugin"}, plugin{"Absent", "absent", "absent-maven-plugin"})
	put := func(path, body string) {
		t.Helper()
		if w := s.do("PUT", "ours", path, body); w.Code != http.StatusCreated {
			t.Fatalf("PUT %s: got %d %s", path, w.Code, w.Body)
		}
	}
	put(inGroup("demo-maven-plugin", "1.0", ".jar"), "a plugin")
	put(group, mine) // before it is finished nobody is told of it
	s.reads("ours", group, plugins(plugin{"Theirs", "demo", "x-maven-plugin"}, plugin{"Outer", "outer", "outer-maven-plugin"}))
	put("com/acme/build/demo-maven-plugin/"+metadataFile,
		rendered(metadata{group: "com.acme.build", artifact: "demo-maven-plugin", versions: []string{"1.0"}}))
	put(group, mine)
	put(group+".md5", sumOf(md5Sum, mine))
	s.reads("ours", group, plugins(plugin{"Demo", "demo", "demo-maven-plugin"}, plugin{"Outer", "outer", "outer-maven-plugin"}))
	changes := s.Changes()
	put(group, mine)
	if n := s.Changes() - changes; n != 0 {
		t.Errorf("naming the same plugins again changed versions %d times", n)
	}
}

// Once a name is ours, the registries behind us are told nothing of it: no file of it, no list, and no group of its path.
func TestAnInternalNameIsNeverAskedOutside(t *testing.T) {
	s := newChain(t)
	put := func(path, body string) {
		t.Helper()
		if w := s.do("PUT", "team", path, body); w.Code != http.StatusCreated {
			t.Fatalf("PUT %s: got %d %s", path, w.Code, w.Body)
		}
	}
	put(file("lib:1.0", ".pom"), pomOf("lib:1.0"))
	before := s.Registry(central).Asked("")
	put(file("lib:1.0", ".jar"), jarBytes)
	put(file("lib:1.0", ".jar.sha1"), sumOf(sha1Sum, jarBytes))
	s.gets(http.StatusNotFound, "team", index("lib")) // nothing is published yet
	put(index("lib"), listingOf("lib", "1.0"))
	put(file("lib:1.1", ".pom"), pomOf("lib:1.1"))
	put(buildFile("lib", snap, first, ".jar"), jarBytes)
	put(index("lib/"+snap), snapshotOfBuild("lib", snap, first, "jar"))
	for path, status := range map[string]int{
		file("lib:1.0", ".jar"): 200, file("lib:1.0", "-sources.jar"): 404, file("lib:2.0", ".pom"): 404,
		file("lib:2.0", ".pom.sha1"): 404, index("lib"): 200, index("lib") + ".sha1": 200, index("lib/" + snap): 200,
		file("lib:"+snap, ".pom"): 404, index("lib/2.0-SNAPSHOT"): 404,
	} {
		s.gets(status, "team", path)
	}
	if n := s.Registry(central).Asked("") - before; n != 0 {
		t.Errorf("the registry was asked %d times", n)
	}
}

func TestEveryConnectionOfMavenIsRead(t *testing.T) {
	seen := 0
	for _, c := range upstream.Connections() {
		if c.Format != artifact.Maven {
			continue
		}
		seen++
		s := newSite(t)
		s.Repository("gateway")
		s.Connect("gateway", c.Name)
		s.offer(c.Name, index("lib"), listingOf("lib", "1.0"))
		s.offer(c.Name, file("lib:1.0", ".aar"), jarBytes)
		s.lists("gateway", "lib", "1.0")
		s.reads("gateway", file("lib:1.0", ".aar"), jarBytes)
		if v := s.mustHold("gateway", key("lib:1.0")); v.Origin.Connection != c.Name {
			t.Errorf("%s: got the origin %v", c.Name, v.Origin)
		}
	}
	if seen != 5 {
		t.Errorf("there are %d connections, want five", seen)
	}
}

// A package may have the name of a group: its document is the group's as well.
func TestAPackageThatIsAGroup(t *testing.T) {
	s := newChain(t)
	both := metadata{group: "com.acme", artifact: "lib", versions: []string{"1.0"},
		plugins: []plugin{{"Demo", "demo", "demo-maven-plugin"}}}
	s.offer(central, index("lib"), rendered(both))
	m, err := readMetadata(s.gets(http.StatusOK, "team", index("lib")).Body)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(m.versions, both.versions) || !slices.Equal(m.plugins, both.plugins) {
		t.Errorf("got versions %v and plugins %v, want %v and %v", m.versions, m.plugins, both.versions, both.plugins)
	}

	const below = "com/acme/tools/demo-maven-plugin/"
	s.puts(http.StatusCreated, below+"1.0/demo-maven-plugin-1.0.jar", jarBytes)
	s.puts(http.StatusCreated, below+metadataFile,
		rendered(metadata{group: "com.acme.tools", artifact: "demo-maven-plugin", versions: []string{"1.0"}}))
	s.puts(http.StatusCreated, file("tools:1.0", ".jar"), jarBytes)
	s.puts(http.StatusCreated, index("tools"), rendered(metadata{group: "com.acme", artifact: "tools",
		versions: both.versions, plugins: both.plugins}))
	s.lists(shelf, "tools", "1.0")
	s.Delete(shelf, key("tools:1.0"))
	s.reads(shelf, index("tools"), rendered(metadata{plugins: both.plugins}))
}

// A listing that nobody asks for grows old. Whoever asks first sees it as it was, and has it fetched anew.
func TestAListing(t *testing.T) {
	t.Run("T21 it is answered as it was while a new one is fetched, which who asks later sees", func(t *testing.T) {
		s := newChain(t)
		s.offer(central, index("lib"), listingOf("lib", "1.0"))
		s.lists("team", "lib", "1.0")
		s.Registry(central).Replace(index("lib"), []byte(listingOf("lib", "1.0", "1.1")))
		s.lists("team", "lib", "1.0") // it is fresh
		s.Clock.Pass(10 * time.Second)
		s.lists("team", "lib", "1.0") // it is ageing
		for end := time.Now().Add(time.Minute); !slices.Equal(s.versionsIn("team", "lib"), []string{"1.0", "1.1"}); {
			if time.Now().After(end) {
				t.Fatal("the new version never shows")
			}
		}
	})
}

// What the API and an explanation name is no path that was read. In another spelling, or taken apart in another place, it would be a
// package that may not be asked for.
func TestARegistryIsAskedForPathsOfTheLayoutOnly(t *testing.T) {
	s := newChain(t)
	reader := formattest.Caller("reader", "ReadFromRepository")
	for _, test := range []struct{ namespace, name, version, asset string }{
		{"com..acme", "lib", "1.0", ""},
		{"com.acme.", "lib", "1.0", ""},
		{"com", "acme", "lib", "1.0/lib-1.0.jar"},
		{"com.acme", "lib", "1.0", "lib-1.0.jar/x"},
		{"com.acme", "lib", "1.0", "other-1.0.jar"},
	} {
		v := artifact.PackageKey{Format: artifact.Maven, Namespace: test.namespace, Name: test.name}.At(test.version)
		told, err := s.Rules.Explain(t.Context(), reader, reader, repository.Question{
			Repository: s.Shelf("team", artifact.Maven).Repository(), Package: v.PackageKey, Version: v.Version, Asset: test.asset})
		if err != nil || told.Verdict.Ending != repository.Absent {
			t.Errorf("%v: got %+v, %v", test, told.Verdict, err)
		}
		if _, err := s.Shelf("team", artifact.Maven).Open(t.Context(), v, test.asset); !artifact.Is(err, artifact.NotFound) {
			t.Errorf("%v: got %v, want NotFound", test, err)
		}
		if _, err := s.Rules.Sources[central].Asset(t.Context(), artifact.Version{VersionKey: v}, test.asset); test.asset != "" &&
			!artifact.Is(err, artifact.NotFound) {
			t.Errorf("%v: got %v, want NotFound", test, err)
		}
		if n := s.Registry(central).Asked(""); n != 0 {
			t.Errorf("%v: the registry was asked %d times", test, n)
		}
	}
}
