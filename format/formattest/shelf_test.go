package formattest

import "testing"

func TestTheShelfOfTheRules(t *testing.T) { RunShelf(t, Open) }
