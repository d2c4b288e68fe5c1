package main

import (
	"context"
	"path/filepath"
	"time"

	"entrepot/config"
	"entrepot/localca"
)

// authorityFolder is where in the data folder the authority lies, with what clients need to believe it.
const authorityFolder = "tls"

// bundleEvery is how often the bundle is made anew: what the system believes may have changed.
const bundleEvery = 24 * time.Hour

// openAuthority opens the authority that certifies the server, and makes it at the first start with it.
func (a *app) openAuthority(context.Context) (err error) {
	if a.config.TLS.Mode != config.TLSAuto {
		return nil
	}
	folder := filepath.Join(a.config.Data, authorityFolder)
	a.issuer, err = localca.Open(localca.Options{
		Dir: folder, Names: a.addresses.CertificateNames(), Now: time.Now, Log: a.log,
	})
	if err != nil {
		return err
	}
	a.writeBundle(folder)
	a.background(func(ctx context.Context) {
		every := time.NewTicker(bundleEvery)
		defer every.Stop()
		for {
			select {
			case <-every.C:
				a.writeBundle(folder)
			case <-ctx.Done():
				return
			}
		}
	})
	return nil
}

// writeBundle makes the bundle as the system's list is now. Clients may do without it, so a failure stops nothing.
func (a *app) writeBundle(folder string) {
	if _, _, err := localca.Bundle(filepath.Join(folder, localca.AuthorityFile), nil, time.Now()); err != nil {
		a.log.Error("the bundle of certificates for clients could not be made anew", "error", err.Error())
	}
}
