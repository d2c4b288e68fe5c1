package jsonscan

import "iter"

// OnlyTexts reports whether every value of a compact object or list, as Raw gives it, is a string. It allocates nothing:
// it is asked about each of thousands of versions.
func OnlyTexts(compact []byte) bool {
	for value := range walk(compact) {
		if value[0] != '"' {
			return false
		}
	}
	return true
}

// Elements yields the elements of a compact list, as Raw gives it; none of any other value.
func Elements(compact []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		if len(compact) == 0 || compact[0] != '[' {
			return
		}
		for value := range walk(compact) {
			if !yield(value) {
				return
			}
		}
	}
}

// walk yields the values of a compact object or list.
func walk(compact []byte) iter.Seq[[]byte] {
	return func(yield func(value []byte) bool) {
		for at := 1; at < len(compact)-1; at++ { // over a comma each time
			if compact[0] == '{' {
				at = afterString(compact, at) + len(":")
			}
			start := at
			at = afterValue(compact, at)
			if !yield(compact[start:at:at]) {
				return
			}
		}
	}
}

// afterString returns where the string that begins at a place ends.
func afterString(compact []byte, at int) int {
	for at++; compact[at] != '"'; at++ {
		if compact[at] == '\\' {
			at++
		}
	}
	return at + 1
}

// afterValue returns where the value that begins at a place ends.
func afterValue(compact []byte, at int) int {
	depth := 0
	for at < len(compact) {
		switch compact[at] {
		case '"':
			at = afterString(compact, at)
			if depth == 0 {
				return at
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return at
			}
			if depth--; depth == 0 {
				return at + 1
			}
		case ',':
			if depth == 0 {
				return at
			}
		}
		at++
	}
	return at
}
