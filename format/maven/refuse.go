package maven

import (
	"errors"

	"entrepot/artifact"
)

func invalid(text string, args ...any) error { return artifact.Errorf(artifact.Invalid, text, args...) }

// nowhere says that a path is clean, and that nothing of Maven's layout can lie there.
func nowhere(text string, args ...any) error {
	return artifact.Errorf(artifact.NotFound, text, args...)
}

// layoutReason is the sentence of an error of nowhere.
func layoutReason(err error) string {
	e, _ := errors.AsType[*artifact.Error](err)
	return e.Reason
}
