package keptpage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// Stored is a page as it lies in a store.
type Stored struct {
	ID   string // names the content: equal IDs, equal bytes
	Size int64  // bytes
	// Open returns the content, any number of times. It is read fastest where that can seek.
	Open func(ctx context.Context) (io.ReadCloser, error)
}

// read returns so many bytes of the page.
func (s Stored) read(ctx context.Context, at, length int64) ([]byte, error) {
	body, err := s.Open(ctx)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	if err := skip(body, at); err != nil {
		return nil, err
	}
	part := make([]byte, length)
	_, err = io.ReadFull(body, part)
	return part, err
}

// skip passes over the first bytes.
func skip(r io.Reader, bytes int64) error {
	if seeker, ok := r.(io.Seeker); ok {
		_, err := seeker.Seek(bytes, io.SeekStart)
		return err
	}
	_, err := io.CopyN(io.Discard, r, bytes)
	return err
}

// head reads the head of the page. ErrForm: the page is not one, or its head leads elsewhere than to versions.
func (s Stored) head(ctx context.Context) (*Head, error) {
	if s.Size < footerSize {
		return nil, ErrForm
	}
	end := s.Size - footerSize
	footer, err := s.read(ctx, end, footerSize)
	if err != nil {
		return nil, inForm(err)
	}
	at, err := strconv.ParseUint(string(footer[:footerSize-1]), 10, 63)
	start := int64(at)
	if err != nil || footer[footerSize-1] != '\n' || start > end || end-start > maxHead {
		return nil, ErrForm
	}
	text, err := s.read(ctx, start, end-start)
	if err != nil {
		return nil, inForm(err)
	}
	h := &Head{}
	if err := json.Unmarshal(text, h); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrForm, err)
	}
	return h, h.check(start)
}

// check looks whether the versions stand one behind the other in the bytes before the head.
func (h *Head) check(size int64) error {
	end := int64(0)
	for _, p := range h.Index {
		if p.At < end || p.Length < 0 || p.Length > size-p.At {
			return fmt.Errorf("%w: version %.256q stands at %d with %d bytes", ErrForm, p.Version, p.At, p.Length)
		}
		end = p.At + p.Length
	}
	return nil
}

// inForm says of a page that ends too early that it is not in its form.
func inForm(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w: %w", ErrForm, err)
	}
	return err
}
