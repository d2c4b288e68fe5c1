package iam

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"entrepot/strictjson"
)

// uniqueID is the unique identifier of a user or a role, which nobody had before and nobody gets again (IAM user guide, "Unique
// identifiers"), or that of a session of a role.
var uniqueID = regexp.MustCompile(`^(AIDA[A-Z0-9]{17}|AROA[A-Z0-9]{17}(:[\w+=,.@-]+)?)$`)

// Directory knows the users, roles and sessions of roles that policies name.
type Directory interface {
	// IDOf returns the unique identifier of whoever has an ARN, and known=false where nobody has it. It is empty for what has none,
	// and for what is not for this directory to say.
	IDOf(arn string) (id string, known bool, err error)
	// ARNOf returns the ARN of whoever has a unique identifier; empty if nobody has it any more.
	ARNOf(id string) (arn string, err error)
}

// Bind returns a policy document as it is to be kept: whom it names by ARN is named by unique identifier, so that it means nobody
// else who comes to have the name later (IAM user guide, "AWS JSON policy elements: Principal"). All else stays as it is written.
// It fails with a *DocumentError if the document is none, or names one who is not there.
func Bind(document string, in Directory) (string, error) {
	return rename(document, func(n *node) (string, error) {
		name, known := n.Text, true
		var err error
		switch {
		case uniqueID.MatchString(n.Text):
			arn, err := in.ARNOf(n.Text)
			if err != nil {
				return "", err
			}
			known = arn != ""
		case strings.HasPrefix(n.Text, "arn:") && !strings.HasSuffix(n.Text, ":root"):
			var id string
			if id, known, err = in.IDOf(n.Text); err != nil {
				return "", err
			}
			if uniqueID.MatchString(id) {
				name = id
			}
		}
		if !known {
			return "", n.fail("Invalid principal in policy: \"AWS\":%q", clip(n.Text))
		}
		return name, nil
	})
}

// Unbind returns a document that Bind made as it is to be shown: with the ARNs that those whom it names have now, and the unique
// identifiers of those who are gone.
func Unbind(document string, in Directory) (string, error) {
	return rename(document, func(n *node) (string, error) {
		if !uniqueID.MatchString(n.Text) {
			return n.Text, nil
		}
		arn, err := in.ARNOf(n.Text)
		if arn == "" {
			arn = n.Text
		}
		return arn, err
	})
}

// rename gives other names to the principals of a document that are AWS's own.
func rename(document string, fn func(n *node) (string, error)) (string, error) {
	root, err := readTree([]byte(document))
	if err != nil {
		return "", err
	}
	var text strings.Builder
	done := int64(0)
	for _, n := range root.principals() {
		name, err := fn(n)
		if err != nil {
			return "", err
		}
		if name == n.Text {
			continue
		}
		quoted, err := json.Marshal(name)
		if err != nil {
			return "", fmt.Errorf("name a principal: %w", err)
		}
		text.WriteString(document[done:n.Begin])
		text.Write(quoted)
		done = n.End
	}
	text.WriteString(document[done:])
	return text.String(), nil
}

// principals are the names of AWS's own principals in a document, in their order.
func (n *node) principals() (names []*node) {
	list := []*node{n.member("Statement")}
	if list[0] == nil {
		return nil
	}
	if list[0].Kind == strictjson.List {
		list = list[0].members()
	}
	for _, statement := range list {
		for _, element := range statement.members() {
			if element.Name != "Principal" && element.Name != "NotPrincipal" {
				continue
			}
			named := element.member("AWS")
			if named == nil {
				continue
			}
			if named.Kind != strictjson.List {
				names = append(names, named)
				continue
			}
			names = append(names, named.members()...)
		}
	}
	return names
}
