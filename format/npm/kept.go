package npm

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
)

var errKeptForm = errors.New("kept packument is not in its form")

// readHead reads the head of a kept packument of size bytes.
func readHead(r io.Reader, size int64) (head, error) {
	var h head
	line, err := headLine(r, size)
	if err != nil {
		return h, err
	}
	if err := json.Unmarshal(line, &h); err != nil {
		return h, fmt.Errorf("%w: %w", errKeptForm, err)
	}
	return h, nil
}

// headLine finds the head: at once where r can seek, else by reading past everything before it.
func headLine(r io.Reader, size int64) ([]byte, error) {
	if size < footerSize {
		return nil, errKeptForm
	}
	if seeker, ok := r.(io.Seeker); ok {
		if _, err := seeker.Seek(size-footerSize, io.SeekStart); err != nil {
			return nil, err
		}
		var footer [footerSize]byte
		if _, err := io.ReadFull(r, footer[:]); err != nil {
			return nil, err
		}
		at, err := strconv.ParseInt(string(footer[:footerSize-1]), 10, 64)
		if err != nil || at < 0 || at > size-footerSize || size-footerSize-at > maxHead+1 {
			return nil, errKeptForm
		}
		if _, err := seeker.Seek(at, io.SeekStart); err != nil {
			return nil, err
		}
		line := make([]byte, size-footerSize-at)
		_, err = io.ReadFull(r, line)
		return line, err
	}
	return lastLineButOne(r)
}

func lastLineButOne(r io.Reader) ([]byte, error) {
	in := bufio.NewReaderSize(r, 64<<10)
	var before, last []byte
	for {
		line, err := readLine(in, before[:0])
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		before, last = last, line
	}
	if len(last) != footerSize-1 || len(before) == 0 {
		return nil, errKeptForm
	}
	return before, nil
}

// readLine reads up to and without the next line feed into buf.
func readLine(in *bufio.Reader, buf []byte) ([]byte, error) {
	for {
		part, err := in.ReadSlice('\n')
		if err == io.EOF && len(buf)+len(part) > 0 {
			return nil, errKeptForm
		}
		buf = append(buf, bytes.TrimSuffix(part, []byte{'\n'})...)
		if err == bufio.ErrBufferFull && len(buf) <= maxHead {
			continue
		}
		return buf, err
	}
}
