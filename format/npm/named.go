package npm

import (
	"fmt"

	"entrepot/format/jsonscan"
)

// named are members by name, in the order in which their names came first. Unlike with, which looks through all, it may
// be called for as many names as somebody outside likes.
type named struct {
	jsonscan.Members
	at map[string]int // where a name stands in Members
}

// set gives a name its value: the last one counts.
func (n *named) set(key string, value []byte) {
	if i, again := n.at[key]; again {
		n.Members[i].Value = value
		return
	}
	if n.at == nil {
		n.at = make(map[string]int)
	}
	n.at[key] = len(n.Members)
	n.Members = append(n.Members, jsonscan.Member{Key: key, Value: value})
}

// maxNames bounds the names in one of the members that decide what is installed. The largest packages have some hundreds.
const maxNames = 10_000

// limited are the members that maxNames bounds: those of which installers look up each name.
var limited = map[string]bool{
	"dependencies": true, "devDependencies": true, "optionalDependencies": true, "peerDependencies": true,
	"acceptDependencies": true, bundle: true, bundleToo: true, "bin": true,
}

// tooMany returns an error that names a member with more than maxNames names; nil if there is none.
func tooMany(all jsonscan.Members) error {
	for _, m := range all {
		if crowded(m) {
			return fmt.Errorf("%s has more than %d names; list fewer", m.Key, maxNames)
		}
	}
	return nil
}

// crowded reports whether a member has more names than it may. So many need two bytes each and more: what is shorter,
// as nearly all is, need not be counted.
func crowded(m jsonscan.Member) bool {
	return len(m.Value) > 2*maxNames && limited[m.Key] && namesIn(m.Value) > maxNames
}

func namesIn(value []byte) int {
	switch {
	case isObject(value):
		all, _ := jsonscan.Split(value) // whoever reads what is no object is told
		return len(all)
	case isText(value):
		text, _ := jsonscan.AsText(value)
		return len(namesOf(text))
	}
	n := 0
	for range jsonscan.Elements(value) {
		n++
	}
	return n
}
