package clientconfig

// whole is the syntax of files that are ours altogether: one setting without a name.
type whole struct{}

func (whole) find(text string, _ Key) (thing, bool, error) {
	return thing{end: len(text), value: text}, text != "", nil
}

func (whole) parents(Key) []Key { return nil }

func (whole) place(_ string, _ Key, value string) (insertion, error) {
	return insertion{body: value}, nil
}

func (whole) replace(_ string, _ thing, _ Key, value string) (string, error) { return value, nil }
func (whole) open(string, thing, Key) (string, error)                        { return "", nil }
func (whole) bare(text string, _ thing, _ Key) bool                          { return text == "" }
