package repository

import (
	"context"
	"errors"
	"fmt"

	"entrepot/artifact"
	"entrepot/upstream"
)

// registryAnswer is what an external registry says of a package. At most one member is set: neither means that it does
// not have it, for sure.
type registryAnswer struct {
	listing Listing
	// unavailable is why the registry could not be asked; it may have the package or not.
	unavailable error
}

// askRegistry asks what an external registry has of a package and sorts its errors: an error is one that ends the
// search. fresh has the registry itself asked, for a caller who knows that what is remembered lacks something.
func (s *Service) askRegistry(ctx context.Context, of registry, p artifact.PackageKey,
	fresh bool) (registryAnswer, error) {
	ask := of.Listing
	if fresh {
		ask = of.Refresh
	}
	listing, err := ask(ctx, p)
	if err != nil {
		return sortedOut(err)
	}
	return registryAnswer{listing: listing}, nil
}

// sortedOut tells a registry that has not from one that cannot say, and both from other errors.
func sortedOut(err error) (registryAnswer, error) {
	if errors.Is(err, upstream.ErrAskedBack) {
		return registryAnswer{}, nil // not for whoever asks
	}
	switch artifact.KindOf(err) {
	case artifact.NotFound:
		return registryAnswer{}, nil
	case artifact.Unavailable, artifact.Throttled:
		return registryAnswer{unavailable: err}, nil
	}
	return registryAnswer{}, err
}

// askForVersion looks for one version in an external registry; nil if it does not have it. What the remembered listing
// lacks is asked for anew if fresh may be needed. A registry that lists no files is asked for the asset, if one is named. One that
// cannot say whether it withholds the version is unavailable, and so is one that lists it and tells no more of it, with errOwned
// beneath.
func (s *Service) askForVersion(ctx context.Context, of registry, v artifact.VersionKey, asset string,
	fresh bool) (found *artifact.Version, unavailable, err error) {
	if finder, ok := of.Source.(Finder); ok {
		listed, err := finder.Find(ctx, v, asset)
		if err == nil {
			return &listed, nil, nil
		}
		answer, err := sortedOut(err)
		return nil, answer.unavailable, err
	}
	var untold error
	for _, again := range []bool{false, true} {
		if again && !fresh {
			break
		}
		answer, err := s.askRegistry(ctx, of, v.PackageKey, again)
		untold = nil
		if err == nil && answer.listing != nil {
			var listed artifact.Version
			if listed, err = answer.listing.Version(ctx, v.Version); err == nil {
				return &listed, nil, nil
			}
			untold = untoldBy(answer.listing)
			there, why := answer.listing.Status(v.Version) != "", err
			answer, err = sortedOut(err)
			switch {
			case there && answer.unavailable != nil:
				answer.unavailable = owned(answer.unavailable)
			case there && err == nil && errors.Is(why, ErrWithheld):
				untold = owned(why)
			}
		}
		if err != nil || answer.unavailable != nil {
			return nil, answer.unavailable, err
		}
	}
	return nil, untold, nil
}

// errOwned is beneath the error of a registry that lists a version and does not tell more of it: the version belongs to it, and comes
// from nowhere behind.
var errOwned = errors.New("the registry lists it")

// owned is why a registry does not tell of a version that it lists.
func owned(by error) error {
	told, _ := errors.AsType[*artifact.Error](by)
	why := *told
	if why.Err = errOwned; told.Err != nil {
		why.Err = fmt.Errorf("%w: %w", errOwned, told.Err)
	}
	return &why
}
