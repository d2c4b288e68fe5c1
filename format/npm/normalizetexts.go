package npm

import (
	"net/url"
	"regexp"
	"strings"

	"entrepot/format/jsonscan"
)

// Members that describe a package to people.

// personParts are name, email and url in "name <email> (url)", of which each may be missing and the last two may change
// places.
var personParts = []*regexp.Regexp{
	regexp.MustCompile(`^([^(<]+)`), regexp.MustCompile(`<([^<>]+)>`), regexp.MustCompile(`\(([^()]+)\)`),
}

// asPerson makes an object of name, email and url of whatever says them.
func asPerson(value []byte) []byte {
	if text, ok := jsonscan.AsText(value); ok {
		said := make([]string, len(personParts))
		for i, part := range personParts {
			if found := part.FindStringSubmatch(text); found != nil {
				said[i] = found[1]
			}
		}
		return textMembers([]string{"name", "email", "url"}, said)
	}
	if !isObject(value) || jsonscan.OnlyTexts(value) {
		return onlyIf(value, isObject(value))
	}
	all, err := jsonscan.Split(value)
	if err != nil {
		return nil
	}
	var kept jsonscan.Members
	for _, m := range all {
		if isText(m.Value) {
			kept = append(kept, m)
		}
	}
	if kept == nil {
		return nil
	}
	return kept.Append(nil)
}

// textMembers makes an object of those texts that are not empty; nil if all are.
func textMembers(keys, said []string) []byte {
	var all jsonscan.Members
	for i, key := range keys {
		if text := strings.TrimSpace(said[i]); text != "" {
			all = append(all, jsonscan.Member{Key: key, Value: jsonscan.Quoted(text)})
		}
	}
	if all == nil {
		return nil
	}
	return all.Append(nil)
}

// asPeople makes a list of persons; one alone is a list of one.
func asPeople(value []byte) []byte {
	if !isList(value) {
		if one := asPerson(value); one != nil {
			return listOf(one)
		}
		return nil
	}
	return eachElement(value, asPerson)
}

// eachElement mends each element of a list.
func eachElement(list []byte, mend func([]byte) []byte) []byte {
	var kept [][]byte
	changed := false
	for element := range jsonscan.Elements(list) {
		mended := mend(element)
		changed = changed || len(mended) != len(element) || &mended[0] != &element[0]
		if mended != nil {
			kept = append(kept, mended)
		}
	}
	if !changed {
		return list
	}
	return listOf(kept...)
}

// asKeywords makes a list of texts; a text is a list with commas.
func asKeywords(value []byte) []byte {
	text, ok := jsonscan.AsText(value)
	if !ok {
		return asTextList(value)
	}
	var words [][]byte
	for word := range strings.SplitSeq(text, ",") {
		if word = strings.TrimSpace(word); word != "" {
			words = append(words, jsonscan.Quoted(word))
		}
	}
	return listOf(words...)
}

// asBugs makes an object of url and email.
func asBugs(value []byte) []byte {
	keys := []string{"url", "email"}
	if text, ok := jsonscan.AsText(value); ok {
		switch {
		case isMail(text):
			return textMembers(keys, []string{"", text})
		case isURL(text):
			return textMembers(keys, []string{text, ""})
		}
		return nil
	}
	all, err := objectOf(value)
	if err != nil {
		return nil
	}
	page, _ := all.Text("url")
	for _, old := range []string{"web", "name"} {
		if text, ok := all.Text(old); ok && page == "" {
			page = text
		}
	}
	mail, _ := all.Text("email")
	if !isURL(page) {
		page = ""
	}
	if !isMail(mail) {
		mail = ""
	}
	return textMembers(keys, []string{page, mail})
}

func isMail(text string) bool {
	at := strings.IndexByte(text, '@')
	return at >= 0 && at < strings.LastIndexByte(text, '.')
}

func isURL(text string) bool {
	u, err := url.Parse(text)
	return err == nil && u.Scheme != ""
}

// asRepository makes an object of type and url. Of several repositories the first counts.
func asRepository(value []byte) []byte {
	for first := range jsonscan.Elements(value) {
		value = first
		break
	}
	if text, ok := jsonscan.AsText(value); ok {
		return textMembers([]string{"type", "url"}, []string{"git", text})
	}
	return asTexts(value)
}

// asLicense is a name, or an object of type and url. A list of them belongs under licenses, where asLicenses takes it.
func asLicense(value []byte) []byte {
	if isObject(value) {
		return asTexts(value)
	}
	return onlyIf(value, isText(value) && !emptyText(value))
}

// asLicenses makes a list of licenses; one alone is a list of one.
func asLicenses(value []byte) []byte {
	if isList(value) {
		return eachElement(value, asLicense)
	}
	if one := asLicense(value); one != nil {
		return listOf(one)
	}
	return nil
}
