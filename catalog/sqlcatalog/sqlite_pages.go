package sqlcatalog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
)

// PageFault is a page of the catalog's file that does not prove itself.
type PageFault struct {
	Number int64 // from 1
	// Correctable says that a single bit is wrong, and which one is known.
	Correctable bool
}

// lockPage is a page that SQLite never uses: bytes in it are what it locks.
const lockPage = 0x40000000/pageSize + 1

// CheckPages reads every page of the catalog's file at path, which no process may have open, and returns those that do not
// prove themselves, and whether the file has proofs at all: one of an earlier release gets them at the next start. If
// repair is set, correctable pages are corrected, durable when it returns; they are returned all the same. Pages that the
// file lacks, or that are in the log, are for SQLite to judge.
func CheckPages(ctx context.Context, path string, repair bool) (faults []PageFault, proven bool, err error) {
	mode := os.O_RDONLY
	if repair {
		mode = os.O_RDWR
	}
	f, err := os.OpenFile(path, mode, 0)
	if err != nil {
		return nil, false, fmt.Errorf("check the catalog's pages: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	lacks, err := lacksProofs(path)
	if err != nil || lacks {
		return nil, false, err
	}
	page := make([]byte, pageSize)
	for number := int64(1); ; number++ {
		if err := ctx.Err(); err != nil {
			return nil, false, err
		}
		_, err := f.ReadAt(page, (number-1)*pageSize)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, false, fmt.Errorf("check page %d of the catalog: %w", number, err)
		}
		if number == lockPage || proves(page, number) {
			continue
		}
		fault := PageFault{number, correct(page, number)}
		faults = append(faults, fault)
		if !repair || !fault.Correctable {
			continue
		}
		if _, err := f.WriteAt(page, (number-1)*pageSize); err != nil {
			return nil, false, fmt.Errorf("correct page %d of the catalog: %w", number, err)
		}
	}
	if repair && len(faults) > 0 {
		err = f.Sync()
	}
	return faults, true, err
}
