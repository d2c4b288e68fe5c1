package jsonscan

import "slices"

// Object reads an object and calls each for every key in turn; each consumes the value. A key that comes twice is
// refused, or with Mend handed out again: then what its last value says counts.
func (s *Scanner) Object(each func(key string) error) error {
	if err := s.Expect('{'); err != nil {
		return err
	}
	if err := s.enter(); err != nil {
		return err
	}
	var seen keys
	room := maxKeys
	for first := true; ; first = false {
		c, err := s.Peek()
		if err != nil {
			return err
		}
		if c == '}' && first {
			break
		}
		key, err := s.Text(MaxKey)
		if err != nil {
			return err
		}
		if !seen.add(key) && !s.Mend {
			return s.Fail("the key %.100q comes twice", key)
		}
		if room -= len(key) + 16; room < 0 {
			return s.Fail("an object has too many keys")
		}
		if err := s.Expect(':'); err != nil {
			return err
		}
		if err := each(key); err != nil {
			return err
		}
		if done, err := s.endOr('}'); err != nil || done {
			s.depth--
			return err
		}
	}
	s.pos++
	s.depth--
	return nil
}

// keys is a set that needs no room but its own while it is small, as it mostly is.
type keys struct {
	few  [24]string
	n    int // of few
	many map[string]struct{}
}

// add reports whether the key is new.
func (k *keys) add(key string) bool {
	if k.many == nil && k.n < len(k.few) {
		if slices.Contains(k.few[:k.n], key) {
			return false
		}
		k.few[k.n] = key
		k.n++
		return true
	}
	if k.many == nil {
		k.many = make(map[string]struct{}, 2*len(k.few))
		for _, known := range k.few {
			k.many[known] = struct{}{}
		}
	}
	_, twice := k.many[key]
	k.many[key] = struct{}{}
	return !twice
}

// endOr consumes a comma, or the closing byte and says so.
func (s *Scanner) endOr(closing byte) (bool, error) {
	c, err := s.Peek()
	if err != nil {
		return false, err
	}
	if c != ',' && c != closing {
		return false, s.Fail("%q where ',' or %q belongs", c, closing)
	}
	s.pos++
	return c == closing, nil
}

// Array reads an array and calls each before every element; each consumes it.
func (s *Scanner) Array(each func() error) error {
	if err := s.Expect('['); err != nil {
		return err
	}
	if err := s.enter(); err != nil {
		return err
	}
	if c, err := s.Peek(); err != nil {
		return err
	} else if c == ']' {
		s.pos++
		s.depth--
		return nil
	}
	for {
		if err := each(); err != nil {
			return err
		}
		if done, err := s.endOr(']'); err != nil || done {
			s.depth--
			return err
		}
	}
}
