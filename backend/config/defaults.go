package config

// The defaults that do not depend on the machine.
const (
	mostCacheBudgetBytes  = 20_000_000_000
	defaultFreeFloorBytes = 2_000_000_000
)

// Defaults are the settings of a new library on a disk with so much free space: a tenth of it for the cache, but
// 20 GB at most.
func Defaults(freeBytes int64) Settings {
	return Settings{
		CacheBudgetBytes: max(minCacheBudgetBytes, min(mostCacheBudgetBytes, freeBytes/10)),
		FreeFloorBytes:   defaultFreeFloorBytes,
		Fill:             true,
		Theme:            System,
	}
}
