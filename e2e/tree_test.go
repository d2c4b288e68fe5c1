package e2e

import (
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// treeSum is the SHA-512 over names, kinds, execute bits and bytes of everything below a folder, or of one file. Times are
// left out.
func treeSum(root string) (string, error) {
	sum := sha512.New()
	files := 0
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		fmt.Fprintf(sum, "%q %v %t ", name, info.Mode().Type(), info.Mode()&0o100 != 0)
		switch {
		case info.Mode()&fs.ModeSymlink != 0:
			target, err := os.Readlink(path)
			if err != nil {
				return err
			}
			fmt.Fprintf(sum, "%q\n", target)
		case info.Mode().IsRegular():
			files++
			content, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			fmt.Fprintf(sum, "%x\n", sha512.Sum512(content))
		}
		return nil
	})
	if err == nil && files == 0 {
		err = fmt.Errorf("%s holds no file, and equal nothings prove nothing", root)
	}
	return hex.EncodeToString(sum.Sum(nil)), err
}

// folderHas returns the files below a folder that contain a text. Files that vanish meanwhile are passed over.
func folderHas(root string, marks ...string) ([]string, error) {
	var found []string
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		if os.IsNotExist(err) {
			return nil
		}
		if err != nil {
			return err
		}
		for _, mark := range marks {
			if strings.Contains(string(content), mark) {
				found = append(found, path+" holds "+mark)
			}
		}
		return nil
	})
	return found, err
}
