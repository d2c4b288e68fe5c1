package pypi

import (
	"bufio"
	"html"
	"io"

	"entrepot/format/jsonscan"
	"entrepot/repository"
)

// renderIndex writes the list of the projects of which something can be installed.
func renderIndex(w io.Writer, held repository.Inventory, variant string) error {
	out := bufio.NewWriterSize(w, 64<<10) // which keeps its first error for Flush
	before, after := "<!DOCTYPE html>\n<html>\n<head>\n<meta name=\"pypi:repository-version\" content=\""+apiVersion+
		"\">\n<title>Simple index</title>\n</head>\n<body>\n", "</body>\n</html>\n"
	line := func(_ int, name string) []byte {
		escaped := html.EscapeString(name)
		return []byte(`<a href="` + escaped + `/">` + escaped + "</a><br>\n")
	}
	if variant == jsonForm.variant {
		before, after = `{"meta":{"api-version":"`+apiVersion+`"},"projects":[`, "]}"
		line = func(n int, name string) []byte {
			start := ",\n"
			if n == 0 {
				start = ""
			}
			return append(jsonscan.AppendQuoted([]byte(start+`{"name":`), name), '}')
		}
	}
	_, _ = out.WriteString(before)
	n := 0
	for item, err := range held.Packages {
		if err != nil {
			return err
		}
		listed, err := anyListed(item)
		if err != nil {
			return err
		}
		if listed {
			_, _ = out.Write(line(n, item.Name))
			n++
		}
	}
	_, _ = out.WriteString(after)
	return out.Flush()
}

func anyListed(item repository.InventoryItem) (bool, error) {
	for v, err := range item.Versions {
		if err != nil || v.Status.Listed() {
			return err == nil, err
		}
	}
	return false, nil
}
