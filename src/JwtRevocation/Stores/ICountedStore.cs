namespace JwtRevocation;

/// <summary>A store of the library's, which knows how many entries it holds in memory.</summary>
internal interface ICountedStore
{
    /// <summary>The number of entries held, lapsed ones that were not swept yet among them.</summary>
    int Count { get; }
}
