package ruby

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"
)

// quickEnding is that of quick specifications, behind the full name of their gem.
const quickEnding = ".gemspec.rz"

// quickSpec writes a specification as gem fetches one: marshalled, under zlib (Gem::Indexer).
func quickSpec(s specification) []byte {
	m := &marshaller{}
	m.raw(marshalHeader)
	m.specification(s)
	var out bytes.Buffer
	w := zlib.NewWriter(&out)
	_, _ = w.Write(m.buf) // a buffer takes everything
	_ = w.Close()
	return out.Bytes()
}

// readQuickSpec reads a registry's quick specification. What it does not say, or says in a way that is not known, is left out.
func readQuickSpec(src io.Reader) (specification, error) {
	unpacked, err := zlib.NewReader(src)
	if err != nil {
		return specification{}, fmt.Errorf("unpack specification: %w", err)
	}
	text, err := io.ReadAll(io.LimitReader(unpacked, maxMarshalled+1))
	if err != nil {
		return specification{}, fmt.Errorf("unpack specification: %w", err)
	}
	outer, err := unmarshal(text)
	if err != nil {
		return specification{}, err
	}
	dumped, ok := loaded[string](outer, "Gem::Specification")
	if !ok {
		return specification{}, errMarshal
	}
	inner, err := unmarshal([]byte(dumped))
	if err != nil {
		return specification{}, err
	}
	return specificationFrom(inner)
}

// specificationFrom reads the list that a specification is dumped as (Gem::Specification#_dump). Older ones are shorter.
func specificationFrom(inner any) (specification, error) {
	fields, ok := inner.([]any)
	if !ok || len(fields) < 16 {
		return specification{}, errMarshal
	}
	at := func(n int) any {
		if n < len(fields) {
			return fields[n]
		}
		return nil
	}
	version, _ := versionFrom(at(3))
	platform := platformFrom(at(8))
	s := specification{
		gem:             gem{textFrom(at(2)), version, platform},
		rubygemsVersion: textFrom(at(0)),
		date:            timeOf(at(4)),
		summary:         textFrom(at(5)),
		email:           textsFrom(at(11)),
		authors:         textsFrom(at(12)),
		description:     textFrom(at(13)),
		homepage:        textFrom(at(14)),
		licenses:        textsFrom(at(17)),
	}
	s.ruby, _ = requirementFrom(at(6))
	s.rubygems, _ = requirementFrom(at(7))
	if all, ok := at(9).([]any); ok && len(all) <= maxDependencies {
		for _, one := range all {
			if d, ok := dependencyFrom(one); ok {
				s.dependencies = append(s.dependencies, d)
			}
		}
	}
	if all, ok := at(18).(pairs); ok {
		for _, pair := range all {
			if key := textFrom(pair[0]); key != "" && len(s.metadata) < maxMetadataPairs {
				s.metadata = append(s.metadata, [2]string{key, textFrom(pair[1])})
			}
		}
	}
	return s, s.check()
}

// loaded is what was dumped of an object of the class.
func loaded[T any](v any, class string) (T, bool) {
	o, ok := v.(object)
	data, is := o.data.(T)
	return data, ok && is && o.class == class
}

func textFrom(v any) string {
	text, _ := v.(string)
	if !utf8.ValidString(text) {
		text = strings.ToValidUTF8(text, "\uFFFD")
	}
	return text
}

// textsFrom reads a list of texts, or a single one.
func textsFrom(v any) []string {
	all, ok := v.([]any)
	if !ok {
		all = []any{v}
	}
	var texts []string
	for _, one := range all {
		if text := textFrom(one); text != "" && len(texts) < maxTexts {
			texts = append(texts, text)
		}
	}
	return texts
}

func versionFrom(v any) (string, bool) {
	dumped, ok := loaded[[]any](v, "Gem::Version")
	if !ok || len(dumped) == 0 {
		return "", false
	}
	text, ok := dumped[0].(string)
	return text, ok && checkVersion(text) == nil
}

func platformFrom(v any) string {
	if text := textFrom(v); text != "" {
		return text
	}
	return anyPlatform
}

func requirementFrom(v any) (requirement, bool) {
	dumped, ok := loaded[[]any](v, "Gem::Requirement")
	if !ok || len(dumped) == 0 {
		return nil, false
	}
	pairs, ok := dumped[0].([]any)
	if !ok || len(pairs) > maxConstraints {
		return nil, false
	}
	var r requirement
	for _, one := range pairs {
		pair, ok := one.([]any)
		if !ok || len(pair) != 2 {
			return nil, false
		}
		version, ok := versionFrom(pair[1])
		if !ok {
			return nil, false
		}
		r = append(r, constraint{textFrom(pair[0]), version})
	}
	return r, r.check() == nil
}

func dependencyFrom(v any) (d dependency, ok bool) {
	variables, ok := loaded[pairs](v, "Gem::Dependency")
	if !ok {
		return d, false
	}
	for _, pair := range variables {
		switch pair[0] {
		case symbol("@name"):
			d.name = textFrom(pair[1])
		case symbol("@type"):
			d.development = pair[1] == symbol("development")
		case symbol("@requirement"), symbol("@version_requirements"):
			if d.requirement == nil {
				d.requirement, ok = requirementFrom(pair[1])
			}
		}
	}
	return d, ok && d.check() == nil
}

// timeOf reads a time; the zero time for what is none.
func timeOf(v any) time.Time {
	text, _ := loaded[string](v, "Time")
	high, low, ok := timeBytes(text)
	if !ok || high>>31 == 0 {
		return time.Time{}
	}
	return time.Date(int(high>>14&0xffff)+1900, time.Month(high>>10&0xf)+1, int(high>>5&0x1f), int(high&0x1f),
		int(low>>26), int(low>>20&0x3f), 0, time.UTC)
}
