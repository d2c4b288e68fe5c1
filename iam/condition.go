package iam

import (
	"strings"

	"entrepot/strictjson"
)

// condition is one key of one operator of a Condition element, compiled.
type condition struct {
	key      string // lower case
	name     string // the key as it is written
	operator *operator
	quantity quantity
	ifExists bool // an absent key is as good as a match
	values   []comparer
}

// comparer is one value of a condition.
type comparer interface {
	// compare reports whether what the request holds compares to the value as the operator, without its negation, says.
	// What is not of the operator's type does not, and to a value with a variable that has none nothing does.
	compare(held string, f *facts) bool
}

// quantity says how many of the values the request holds must match.
type quantity uint8

const (
	plain  quantity = iota // meant for keys with one value
	forAll                 // true of none
	forAny                 // false of none
)

// operator is a condition operator without prefix and suffix.
type operator struct {
	negated bool
	compile func(c *compiler, value string) (comparer, error)
}

// operators are those of the IAM guide, "IAM JSON policy elements: Condition operators". Null is not among them: it looks
// at keys and not at values.
var operators = map[string]operator{
	"StringEquals":              {false, compileText},
	"StringNotEquals":           {true, compileText},
	"StringEqualsIgnoreCase":    {false, compileFolded},
	"StringNotEqualsIgnoreCase": {true, compileFolded},
	"StringLike":                {false, compileLike},
	"StringNotLike":             {true, compileLike},
	"NumericEquals":             {false, compileNumber(func(order int) bool { return order == 0 })},
	"NumericNotEquals":          {true, compileNumber(func(order int) bool { return order == 0 })},
	"NumericLessThan":           {false, compileNumber(func(order int) bool { return order < 0 })},
	"NumericLessThanEquals":     {false, compileNumber(func(order int) bool { return order <= 0 })},
	"NumericGreaterThan":        {false, compileNumber(func(order int) bool { return order > 0 })},
	"NumericGreaterThanEquals":  {false, compileNumber(func(order int) bool { return order >= 0 })},
	"DateEquals":                {false, compileDate(func(order int) bool { return order == 0 })},
	"DateNotEquals":             {true, compileDate(func(order int) bool { return order == 0 })},
	"DateLessThan":              {false, compileDate(func(order int) bool { return order < 0 })},
	"DateLessThanEquals":        {false, compileDate(func(order int) bool { return order <= 0 })},
	"DateGreaterThan":           {false, compileDate(func(order int) bool { return order > 0 })},
	"DateGreaterThanEquals":     {false, compileDate(func(order int) bool { return order >= 0 })},
	"Bool":                      {false, compileBool},
	"BinaryEquals":              {false, compileBinary},
	"IpAddress":                 {false, compileNetwork},
	"NotIpAddress":              {true, compileNetwork},
	"ArnEquals":                 {false, compileARN},
	"ArnLike":                   {false, compileARN},
	"ArnNotEquals":              {true, compileARN},
	"ArnNotLike":                {true, compileARN},
}

// nullOperator compares "true" or "false" with whether the key is absent.
var nullOperator = operator{false, compileBool}

var quantities = map[string]quantity{"ForAllValues": forAll, "ForAnyValue": forAny}

func (c *compiler) condition(n *node, s *statement) error {
	element := n.member("Condition")
	if element == nil {
		return nil
	}
	if element.Kind != strictjson.Object {
		return element.fail("want an object, got %v", element.Kind)
	}
	for _, member := range element.members() {
		model, err := parseOperator(member)
		if err != nil {
			return err
		}
		if member.Kind != strictjson.Object {
			return member.fail("want an object of condition keys, got %v", member.Kind)
		}
		for _, key := range member.members() {
			compiled, err := c.key(key, model)
			if err != nil {
				return err
			}
			s.conditions = append(s.conditions, compiled)
		}
	}
	return nil
}

// parseOperator reads the name of a member of Condition, such as ForAllValues:StringEqualsIfExists.
func parseOperator(n *node) (model condition, err error) {
	name := n.Name
	if name == "Null" {
		return condition{operator: &nullOperator}, nil
	}
	if prefix, rest, found := strings.Cut(name, ":"); found {
		if model.quantity = quantities[prefix]; model.quantity == plain {
			return model, n.fail("unknown prefix of a condition operator: ForAllValues and ForAnyValue exist")
		}
		name = rest
	}
	name, model.ifExists = strings.CutSuffix(name, "IfExists")
	known, ok := operators[name]
	if !ok && name == "Null" {
		return model, n.fail("Null takes neither ForAllValues, ForAnyValue nor IfExists")
	}
	if !ok {
		return model, n.fail("unknown condition operator")
	}
	model.operator = &known
	return model, nil
}

// key compiles one condition key with its values, which AWS takes as strings, numbers and booleans alike.
func (c *compiler) key(n *node, model condition) (condition, error) {
	if err := checkKey(n.Name); err != nil {
		return model, n.fail("%v", err)
	}
	model.key, model.name = strings.ToLower(n.Name), n.Name
	list := []*node{n}
	if n.Kind == strictjson.List {
		list = n.members()
	}
	if len(list) == 0 {
		return model, n.fail("the list is empty")
	}
	for _, item := range list {
		if item.Kind != strictjson.Text && item.Kind != strictjson.Number && item.Kind != strictjson.Bool {
			return model, item.fail("want a string, a number or a boolean, got %v", item.Kind)
		}
		value, err := model.operator.compile(c, item.Text)
		if err != nil {
			return model, item.fail("%v", err)
		}
		model.values = append(model.values, value)
	}
	return model, nil
}

// holds reports whether the condition is true of the request.
func (c *condition) holds(f *facts) bool {
	held := f.values(c.key)
	if c.operator == &nullOperator {
		return c.passes(boolText(len(held) == 0), f)
	}
	if len(held) == 0 {
		return c.ifExists || c.quantity == forAll || c.quantity == plain && c.operator.negated
	}
	// A plain operator on several values is not defined. The reading taken is the one a writer expects of one value:
	// equal means that it is among them, not equal that it is not.
	enough := c.quantity == forAny || c.quantity == plain && !c.operator.negated
	for _, v := range held {
		if c.passes(v, f) == enough {
			return enough
		}
	}
	return !enough
}

// passes reports whether one held value satisfies the operator: it compares to one of the condition's values, or to none
// where the operator is negated.
func (c *condition) passes(held string, f *facts) bool {
	for _, v := range c.values {
		if v.compare(held, f) {
			return !c.operator.negated
		}
	}
	return c.operator.negated
}

func boolText(b bool) string {
	if b {
		return "true"
	}
	return "false"
}
