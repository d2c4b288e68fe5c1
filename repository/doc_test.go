package repository_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestThePackageCommentNamesEveryFile(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) == 0 {
		t.Fatal("no files", err)
	}
	for _, file := range files {
		if !strings.HasSuffix(file, "_test.go") && file != "doc.go" && !strings.Contains(string(doc), file) {
			t.Errorf("doc.go does not say what %s is for", file)
		}
	}
}
