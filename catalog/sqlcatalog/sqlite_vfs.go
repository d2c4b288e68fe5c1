package sqlcatalog

import (
	"errors"
	"fmt"
	"sync"
	"unsafe"

	"modernc.org/libc"
	driver "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// SQLite reaches its files through a layer of functions, the VFS. Ours is the machine's own with a few of them replaced, for
// the database file alone: what writes a page puts its proof in, what reads one checks it (sqlite_proof.go).
//
// SQLite is C that was translated to Go: its structs lie at addresses outside of Go's memory, and a function is called
// through the word that stands for it. pointer, function and their inverses are all there is to that.

// vfsName is what the VFS is called in the address of a database.
const vfsName = "entrepot-proven"

// pointer is an address of SQLite's as a pointer.
func pointer[T any](address uintptr) *T { return *(**T)(unsafe.Pointer(&address)) }

// addressOf is the inverse of pointer, for what is kept for good.
func addressOf[T any](p *T) uintptr { return uintptr(unsafe.Pointer(p)) }

// function is a word of SQLite's as the function that it stands for.
func function[F any](word uintptr) F { return *(*F)(unsafe.Pointer(&word)) }

// word is what stands for a function.
func word[F any](f F) uintptr { return *(*uintptr)(unsafe.Pointer(&f)) }

// The functions that are replaced, as SQLite calls them.
type (
	openFunction    = func(tls *libc.TLS, vfs, name, file uintptr, flags int32, outFlags uintptr) int32
	readFunction    = func(tls *libc.TLS, file, buffer uintptr, n int32, offset int64) int32
	writeFunction   = func(tls *libc.TLS, file, buffer uintptr, n int32, offset int64) int32
	controlFunction = func(tls *libc.TLS, file uintptr, op int32, argument uintptr) int32
	closeFunction   = func(tls *libc.TLS, file uintptr) int32
	startFunction   = func(tls *libc.TLS, database, message, functions uintptr) int32
)

// provenMethods are the functions of an open file, with those that they stand before.
type provenMethods struct {
	sqlite3.Tsqlite3_io_methods
	read, write, control uintptr
}

// provenFile is what is known of an open file, behind the machine's own struct of it.
type provenFile struct {
	proven uint64 // 1 if its pages have proofs
}

// machine is the machine's own VFS, and proving is ours. Both stay for good.
var machine, proving *sqlite3.Tsqlite3_vfs

// methods are the tables that were made, by the address of that which each was made of. They stay for good.
var methods struct {
	sync.Mutex
	made map[uintptr]*provenMethods
}

// zeroed makes room for a T where SQLite's own structs are, nil if there is none: what SQLite works with may not lie in
// Go's memory.
func zeroed[T any](tls *libc.TLS) *T {
	var none T
	return pointer[T](libc.Xcalloc(tls, 1, libc.Tsize_t(unsafe.Sizeof(none))))
}

// registerVFS makes the VFS known to SQLite, once a process.
var registerVFS = sync.OnceValue(func() error {
	tls := libc.NewTLS()
	defer tls.Close()
	found := sqlite3.Xsqlite3_vfs_find(tls, 0)
	if found == 0 {
		return errors.New("SQLite has no way to files on this machine")
	}
	name, err := libc.CString(vfsName)
	if proving = zeroed[sqlite3.Tsqlite3_vfs](tls); err == nil && proving == nil {
		err = errors.New("there is no memory")
	}
	if err != nil {
		return fmt.Errorf("prepare the reading of the catalog: %w", err)
	}
	machine = pointer[sqlite3.Tsqlite3_vfs](found)
	methods.made = map[uintptr]*provenMethods{}
	*proving = *machine
	proving.FpNext, proving.FzName = 0, name
	proving.FszOsFile = machine.FszOsFile + int32(unsafe.Sizeof(provenFile{}))
	proving.FxOpen = word[openFunction](openProven)
	if code := sqlite3.Xsqlite3_vfs_register(tls, addressOf(proving), 0); code != sqlite3.SQLITE_OK {
		return fmt.Errorf("prepare the reading of the catalog: code %d", code)
	}
	if code := sqlite3.Xsqlite3_auto_extension(tls, word[startFunction](reserveProofs)); code != sqlite3.SQLITE_OK {
		return fmt.Errorf("prepare the reading of the catalog: code %d", code)
	}
	return nil
})

// reserveProofs has a database that is made, or rewritten, leave room for proofs. SQLite calls it for every connection of
// the process, of which others are let be.
func reserveProofs(tls *libc.TLS, database, _, _ uintptr) int32 {
	answer := tls.Alloc(8)
	defer tls.Free(8)
	*pointer[uintptr](answer) = 0
	code := sqlite3.Xsqlite3_file_control(tls, database, 0, sqlite3.SQLITE_FCNTL_VFS_POINTER, answer)
	if code != sqlite3.SQLITE_OK || *pointer[uintptr](answer) != addressOf(proving) {
		return sqlite3.SQLITE_OK
	}
	*pointer[int32](answer) = proofSize
	return sqlite3.Xsqlite3_file_control(tls, database, 0, sqlite3.SQLITE_FCNTL_RESERVE_BYTES, answer)
}

// openProven opens a file as the machine does and puts itself before a database.
func openProven(tls *libc.TLS, _, name, file uintptr, flags int32, outFlags uintptr) int32 {
	code := function[openFunction](machine.FxOpen)(tls, addressOf(machine), name, file, flags, outFlags)
	if code != sqlite3.SQLITE_OK || flags&sqlite3.SQLITE_OPEN_MAIN_DB == 0 {
		return code
	}
	opened := pointer[sqlite3.Tsqlite3_file](file)
	own := before(tls, opened.FpMethods)
	if own == nil {
		function[closeFunction](pointer[sqlite3.Tsqlite3_io_methods](opened.FpMethods).FxClose)(tls, file)
		return sqlite3.SQLITE_NOMEM
	}
	opened.FpMethods = addressOf(own)
	stateOf(file).proven = 0
	lookForProofs(tls, file)
	return code
}

// lookForProofs finds out whether the pages of a file have proofs. Once they have, they always do.
func lookForProofs(tls *libc.TLS, file uintptr) {
	first := tls.Alloc(pageSize)
	defer tls.Free(pageSize)
	if methodsOf(file).readAs(tls, file, first, pageSize, 0) == sqlite3.SQLITE_OK && hasProofs(pageAt(first)) {
		stateOf(file).proven = 1
	}
}

// before returns the table that stands before one of the machine's, nil if there is no memory for it.
func before(tls *libc.TLS, table uintptr) *provenMethods {
	methods.Lock()
	defer methods.Unlock()
	if made := methods.made[table]; made != nil {
		return made
	}
	own := zeroed[provenMethods](tls)
	if own == nil {
		return nil
	}
	own.Tsqlite3_io_methods = *pointer[sqlite3.Tsqlite3_io_methods](table)
	own.read, own.write, own.control = own.FxRead, own.FxWrite, own.FxFileControl
	own.FxRead, own.FxWrite = word[readFunction](readProven), word[writeFunction](writeProven)
	own.FxFileControl = word[controlFunction](controlProven)
	methods.made[table] = own
	return own
}

func methodsOf(file uintptr) *provenMethods {
	return pointer[provenMethods](pointer[sqlite3.Tsqlite3_file](file).FpMethods)
}

func (m *provenMethods) readAs(tls *libc.TLS, file, buffer uintptr, n int32, offset int64) int32 {
	return function[readFunction](m.read)(tls, file, buffer, n, offset)
}

func stateOf(file uintptr) *provenFile { return pointer[provenFile](file + uintptr(machine.FszOsFile)) }

func pageAt(buffer uintptr) []byte { return unsafe.Slice(pointer[byte](buffer), pageSize) }

// readProven reads as the machine does. A page that does not prove itself is an error of the disk.
func readProven(tls *libc.TLS, file, buffer uintptr, n int32, offset int64) int32 {
	code := methodsOf(file).readAs(tls, file, buffer, n, offset)
	if code == sqlite3.SQLITE_OK && n == pageSize && stateOf(file).proven == 1 && !proves(pageAt(buffer), numberAt(offset)) {
		return sqlite3.SQLITE_IOERR_DATA
	}
	return code
}

// writeProven puts the proof into a page before it is written. From the first page on that has room for one all are given
// one: a file that is rewritten begins with it.
func writeProven(tls *libc.TLS, file, buffer uintptr, n int32, offset int64) int32 {
	if n == pageSize && offset%pageSize == 0 {
		page := pageAt(buffer)
		if offset == 0 && page[reserveAt] == proofSize {
			stateOf(file).proven = 1
		}
		if stateOf(file).proven == 1 {
			proof := proofOf(page, numberAt(offset))
			copy(page[proofAt:], proof[:])
		}
	}
	return function[writeFunction](methodsOf(file).write)(tls, file, buffer, n, offset)
}

// controlProven looks again, before the log is worked into a file that had no proofs, whether another connection has given
// it some.
func controlProven(tls *libc.TLS, file uintptr, op int32, argument uintptr) int32 {
	if op == sqlite3.SQLITE_FCNTL_CKPT_START && stateOf(file).proven == 0 {
		lookForProofs(tls, file)
	}
	return function[controlFunction](methodsOf(file).control)(tls, file, op, argument)
}

// numberAt is the number of the page at an offset of the file.
func numberAt(offset int64) int64 { return offset/pageSize + 1 }

// damagedFile reports whether SQLite says that the file is not what was written.
func damagedFile(err error) bool {
	failure, ok := errors.AsType[*driver.Error](err)
	if !ok {
		return false
	}
	code := failure.Code()
	return code == sqlite3.SQLITE_IOERR_DATA || code&0xff == sqlite3.SQLITE_CORRUPT || code&0xff == sqlite3.SQLITE_NOTADB
}
