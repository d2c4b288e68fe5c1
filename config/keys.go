package config

import (
	"encoding"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// Key is one setting and its names.
type Key struct {
	Path string // in YAML, dotted: limits.max_asset
	Env  string // ENTREPOT_LIMITS_MAX_ASSET
	Flag string // without its dashes: limits-max-asset
	at   []int  // index path in Config; in Upstream for keys of an upstream
	name string // of the upstream, or empty
}

// Keys lists every setting in the order of the struct, and for each upstream named its own: upstreams.npmjs.url and so
// on. The URL of an upstream has the short names ENTREPOT_UPSTREAM_NPMJS and upstream-npmjs.
func Keys(upstreams []string) []Key {
	keys := leaves(reflect.TypeFor[Config](), "", nil)
	for _, name := range upstreams {
		for _, k := range leaves(reflect.TypeFor[Upstream](), "", nil) {
			path := name
			if k.Path != "url" {
				path += "." + k.Path
			}
			env, flag := names("upstream." + path)
			keys = append(keys,
				Key{Path: "upstreams." + name + "." + k.Path, Env: env, Flag: flag, at: k.at, name: name})
		}
	}
	return keys
}

// leaves lists the settings below a struct type.
func leaves(t reflect.Type, prefix string, at []int) []Key {
	var keys []Key
	for i := range t.NumField() {
		field := t.Field(i)
		path := prefix + field.Tag.Get("yaml")
		index := append(at[:len(at):len(at)], i)
		switch {
		case field.Type.Kind() == reflect.Map: // upstreams and the like, whose names are not fields
		case field.Type.Kind() == reflect.Struct && !reflect.PointerTo(field.Type).Implements(textType):
			keys = append(keys, leaves(field.Type, path+".", index)...)
		default:
			env, flag := names(path)
			keys = append(keys, Key{Path: path, Env: env, Flag: flag, at: index})
		}
	}
	return keys
}

var textType = reflect.TypeFor[encoding.TextUnmarshaler]()

func names(path string) (env, flag string) {
	return "ENTREPOT_" + strings.ToUpper(strings.NewReplacer(".", "_", "-", "_").Replace(path)),
		strings.NewReplacer(".", "-", "_", "-").Replace(path)
}

// set reads text into the setting. Lists are separated by commas. The error does not repeat secrets.
func (k Key) set(c *Config, text string) error {
	if k.name == "" {
		return k.assign(reflect.ValueOf(c).Elem(), text)
	}
	u := c.Upstreams[k.name]
	if err := k.assign(reflect.ValueOf(&u).Elem(), text); err != nil {
		return err
	}
	c.Upstreams[k.name] = u
	return nil
}

func (k Key) assign(in reflect.Value, text string) error {
	switch leaf := in.FieldByIndex(k.at).Addr().Interface().(type) {
	case *string:
		*leaf = text
	case *int:
		n, err := strconv.Atoi(text)
		if err != nil {
			return fmt.Errorf("%.40q is no whole number", text)
		}
		*leaf = n
	case *bool:
		b, err := strconv.ParseBool(text)
		if err != nil {
			return fmt.Errorf("%.40q is neither true nor false", text)
		}
		*leaf = b
	case *time.Duration:
		d, err := time.ParseDuration(text)
		if err != nil {
			return fmt.Errorf("%.40q is no duration such as 300ms, 20s or 1h", text)
		}
		*leaf = d
	case *[]string:
		*leaf = []string{}
		for item := range strings.SplitSeq(text, ",") {
			if item = strings.TrimSpace(item); item != "" {
				*leaf = append(*leaf, item)
			}
		}
	case encoding.TextUnmarshaler:
		return leaf.UnmarshalText([]byte(text))
	default:
		return fmt.Errorf("a setting of type %T cannot be read from text", leaf)
	}
	return nil
}
