package npm

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"entrepot/artifact"
	"entrepot/format/jsonscan"
)

// manyNames is a list of n names in JSON, and the same as an object.
func manyNames(n int) (list, object string) {
	var l, o strings.Builder
	for i := range n {
		fmt.Fprintf(&l, `,"n%d"`, i)
		fmt.Fprintf(&o, `,"n%d":"x"`, i)
	}
	return "[" + l.String()[1:] + "]", "{" + o.String()[1:] + "}"
}

// A search of all names for each of them is tens of thousands of millions of comparisons here: minutes, not a moment.
func TestManyNamesAreMendedInOnePass(t *testing.T) {
	const n = 200_000
	list, _ := manyNames(n)
	bin, err := binOf([]byte(list), "bar")
	if err != nil {
		t.Fatal(err)
	}
	all, err := require(jsonscan.Members{{Key: bundle, Value: []byte(list)}})
	if err != nil {
		t.Fatal(err)
	}
	for what, object := range map[string][]byte{
		"bin": bin, "dependencies": asRequirements([]byte(list)), "bundled": all.Find("dependencies"),
	} {
		if got := bytes.Count(object, []byte(`":"`)); got != n {
			t.Errorf("%s: got %d names, want %d", what, got, n)
		}
	}
}

func TestTheLastValueOfANameCountsAtItsFirstPlace(t *testing.T) {
	if got := string(asRequirements([]byte(`["a@1","b@2","a@3"]`))); got != `{"a":"3","b":"2"}` {
		t.Errorf("got %s", got)
	}
}

func TestAMemberWithTooManyNamesIsRefusedAndOfARegistryLeftOut(t *testing.T) {
	for _, n := range []int{maxNames, maxNames + 1} {
		list, object := manyNames(n)
		spaced, _ := jsonscan.AsText(jsonscan.Quoted(strings.Repeat("a ", n)))
		for _, row := range []struct{ key, value string }{
			{"dependencies", object}, {"devDependencies", list}, {"optionalDependencies", `"` + spaced + `"`},
			{"peerDependencies", object}, {"acceptDependencies", object}, {"bin", list}, {bundle, list}, {bundleToo, object},
		} {
			t.Run(fmt.Sprint(row.key, n), func(t *testing.T) {
				document := fmt.Sprintf(`{"name":"widget","version":"1.0.0",%q:%s}`, row.key, row.value)
				tarball := pack(t, file("package/package.json", document))
				_, err := inspect(bytes.NewReader(tarball), int64(len(tarball)))
				tooMany := artifact.Is(err, artifact.Invalid) && strings.Contains(err.Error(), row.key+" has more than 10000 names")
				if want := n > maxNames; tooMany != want || err != nil && !want {
					t.Errorf("published: got %v", err)
				}
				all, err := jsonscan.SplitMended([]byte(document))
				if err != nil {
					t.Fatal(err)
				}
				all, err = normalizeListed(all, "widget")
				if left := len(all) == 2; left != (n > maxNames) || err != nil {
					t.Errorf("listed: got %d members, %v", len(all), err)
				}
			})
		}
	}
}
