package ruby

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Bounds on a stream of Marshal.
const (
	maxMarshalled   = 4 << 20 // bytes
	maxMarshalDepth = 32
	maxMarshalNodes = 200_000
)

// What a stream may hold is nothing but data: these classes, of which nothing is run, and nil, truth, small numbers, texts,
// symbols, lists and hashes.
type (
	symbol string
	// pairs are those of a hash in their order.
	pairs [][2]any
	// object has what was dumped of it, or its instance variables as a hash.
	object struct {
		class string
		data  any
	}
)

var (
	// loadedClasses have a marshal_load that takes what was dumped.
	loadedClasses = []string{"Gem::Version", "Gem::Requirement"}
	// plainClasses have instance variables.
	plainClasses = []string{"Gem::Dependency", "Gem::Platform"}
	// stringClasses read themselves out of a text.
	stringClasses = []string{"Gem::Specification", "Time"}
)

var errMarshal = errors.New("it is not in the form that specifications are marshalled in")

// unmarshaller reads a stream. Links lead to values that have been read whole.
type unmarshaller struct {
	in      []byte
	at      int
	nodes   int
	symbols []symbol
	objects []begun
	linked  int // bytes of texts that links have said again
}

// begun is an object, and whether it has been read whole.
type begun struct {
	value any
	whole bool
}

// unmarshal reads the one value of a stream. Errors say why it is none that can be read here.
func unmarshal(text []byte) (any, error) {
	if len(text) > maxMarshalled || !strings.HasPrefix(string(text[:min(len(text), 2)]), marshalHeader) {
		return nil, errMarshal
	}
	u := &unmarshaller{in: text, at: len(marshalHeader)}
	v, err := u.value(0)
	if err == nil && u.at != len(u.in) {
		err = errMarshal
	}
	return v, err
}

func (u *unmarshaller) next() (byte, error) {
	if u.at >= len(u.in) {
		return 0, errMarshal
	}
	u.at++
	return u.in[u.at-1], nil
}

// long reads a number without its mark.
func (u *unmarshaller) long() (int, error) {
	first, err := u.next()
	if err != nil {
		return 0, err
	}
	switch c := int(int8(first)); {
	case c == 0:
		return 0, nil
	case c > 4:
		return c - 5, nil
	case c < -4:
		return c + 5, nil
	case c > 0:
		return u.longBytes(c, 0)
	default:
		return u.longBytes(-c, -1)
	}
}

func (u *unmarshaller) longBytes(count, n int) (int, error) {
	for i := range count {
		c, err := u.next()
		if err != nil {
			return 0, err
		}
		n = n&^(0xff<<(8*i)) | int(c)<<(8*i)
	}
	return n, nil
}

// count reads how many values or bytes follow: each takes a byte at least.
func (u *unmarshaller) count() (int, error) {
	n, err := u.long()
	if err == nil && (n < 0 || n > len(u.in)-u.at) {
		err = errMarshal
	}
	return n, err
}

func (u *unmarshaller) text() (string, error) {
	n, err := u.count()
	if err != nil {
		return "", err
	}
	u.at += n
	return string(u.in[u.at-n : u.at]), nil
}

// symbol reads a symbol with its mark.
func (u *unmarshaller) symbol() (symbol, error) {
	mark, err := u.next()
	if err != nil {
		return "", err
	}
	switch mark {
	case ':':
		name, err := u.text()
		u.symbols = append(u.symbols, symbol(name))
		return symbol(name), err
	case ';':
		n, err := u.long()
		if err != nil || n < 0 || n >= len(u.symbols) {
			return "", errMarshal
		}
		return u.symbols[n], nil
	}
	return "", errMarshal
}

// value reads a value. Every one but nil, truth, numbers and symbols is an object that links may lead to, in the order in which
// they begin; one that reads itself out of a text begins when that is read (marshal.c, r_entry).
func (u *unmarshaller) value(depth int) (any, error) {
	if u.nodes++; depth > maxMarshalDepth || u.nodes > maxMarshalNodes {
		return nil, errMarshal
	}
	mark, err := u.next()
	if err != nil {
		return nil, err
	}
	switch mark {
	case '0':
		return nil, nil
	case 'T', 'F':
		return mark == 'T', nil
	case 'i':
		return u.long()
	case ':', ';':
		u.at--
		return u.symbol()
	case '"':
		return u.whole(func() (any, error) { return u.text() })
	case 'I':
		return u.withVariables(depth)
	case '[':
		return u.whole(func() (any, error) { return u.array(depth) })
	case '{':
		return u.whole(func() (any, error) { return u.pairs(depth, u.value) })
	case 'U':
		return u.whole(func() (any, error) { return u.object(loadedClasses, func() (any, error) { return u.value(depth + 1) }) })
	case 'o':
		return u.whole(func() (any, error) {
			return u.object(plainClasses, func() (any, error) { return u.pairs(depth, u.key) })
		})
	case 'u':
		v, err := u.object(stringClasses, func() (any, error) { return u.text() })
		u.objects = append(u.objects, begun{v, true})
		return v, err
	case '@':
		n, err := u.long()
		if err != nil || n < 0 || n >= len(u.objects) || !u.objects[n].whole {
			return nil, errMarshal
		}
		// A link is a few bytes, and whoever writes the value out writes the text each time.
		if text, ok := u.objects[n].value.(string); ok {
			if u.linked += len(text); u.linked > maxMarshalled {
				return nil, errMarshal
			}
		}
		return u.objects[n].value, nil
	}
	return nil, fmt.Errorf("%w: it has a value of the kind %q", errMarshal, mark)
}

// whole gives an object its place before it is read.
func (u *unmarshaller) whole(read func() (any, error)) (any, error) {
	at := len(u.objects)
	u.objects = append(u.objects, begun{})
	v, err := read()
	u.objects[at] = begun{v, true}
	return v, err
}

func (u *unmarshaller) array(depth int) (any, error) {
	n, err := u.count()
	if err != nil {
		return nil, err
	}
	var all []any
	for range n {
		v, err := u.value(depth + 1)
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, nil
}

// key reads the name of an instance variable.
func (u *unmarshaller) key(int) (any, error) { return u.symbol() }

func (u *unmarshaller) pairs(depth int, key func(int) (any, error)) (any, error) {
	n, err := u.count()
	if err != nil {
		return nil, err
	}
	all := pairs{}
	for range n {
		k, err := key(depth + 1)
		if err != nil {
			return nil, err
		}
		v, err := u.value(depth + 1)
		if err != nil {
			return nil, err
		}
		all = append(all, [2]any{k, v})
	}
	return all, nil
}

func (u *unmarshaller) object(classes []string, read func() (any, error)) (any, error) {
	class, err := u.symbol()
	if err != nil {
		return nil, err
	}
	if !slices.Contains(classes, string(class)) {
		return nil, fmt.Errorf("%w: it has an object of the class %.100q", errMarshal, string(class))
	}
	data, err := read()
	return object{string(class), data}, err
}

// withVariables reads a text or a time with its encoding or zone, which are passed over.
func (u *unmarshaller) withVariables(depth int) (any, error) {
	mark, err := u.next()
	if err != nil {
		return nil, err
	}
	variables := func() error {
		_, err := u.pairs(depth, u.key)
		return err
	}
	switch mark {
	case '"':
		return u.whole(func() (any, error) {
			text, err := u.text()
			if err == nil {
				err = variables()
			}
			return text, err
		})
	case ':':
		u.at--
		name, err := u.symbol()
		if err == nil {
			err = variables()
		}
		return name, err
	case 'u':
		v, err := u.object(stringClasses, func() (any, error) { return u.text() })
		if err == nil {
			err = variables()
		}
		u.objects = append(u.objects, begun{v, true})
		return v, err
	}
	return nil, errMarshal
}

// timeBytes are the two halves of a time's eight bytes; see marshaller.time.
func timeBytes(text string) (high, low uint32, ok bool) {
	if len(text) < 8 {
		return 0, 0, false
	}
	return binary.LittleEndian.Uint32([]byte(text)), binary.LittleEndian.Uint32([]byte(text[4:])), true
}
