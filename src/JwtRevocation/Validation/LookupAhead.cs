using System.Runtime.Intrinsics.X86;
using Microsoft.IdentityModel.Tokens;

namespace JwtRevocation;

/// <summary>
/// What stands in <see cref="TokenValidationParameters.TransformBeforeSignatureValidation"/>, behind what the app had there: has the
/// processor fetch what the store will look the token up by, while its signature is verified.
/// </summary>
/// <remarks>
/// In a busy API that is in no cache, and waiting for it is most of what a check costs (docs/benchmarks.md). It decides nothing, and
/// leaves nothing behind but in the processor's caches. The check makes the fingerprint anew: kept for it on the thread, it would save
/// 20 ns, and keep alive what somebody has forged.
/// </remarks>
internal sealed class LookupAhead
{
    private readonly IPrefetchingStore _store;
    private readonly TransformBeforeSignatureValidation? _appTransform;

    private LookupAhead(IPrefetchingStore store, TransformBeforeSignatureValidation? appTransform) =>
        (_store, _appTransform) = (store, appTransform);

    /// <summary>Puts it into <paramref name="parameters"/>, unless it is there already, or store or processor cannot do it.</summary>
    public static void Add(TokenValidationParameters parameters, IRevokedTokenStore store)
    {
        // Only on x86 and x64, where it has been measured.
        if (Sse.IsSupported && store is IPrefetchingStore prefetching && !IsIn(parameters, prefetching))
        {
            parameters.TransformBeforeSignatureValidation =
                new LookupAhead(prefetching, parameters.TransformBeforeSignatureValidation).Transform;
        }
    }

    // Another app that shares the parameters may have put its own before it.
    private static bool IsIn(TokenValidationParameters parameters, IPrefetchingStore store)
    {
        var ahead = parameters.TransformBeforeSignatureValidation?.Target as LookupAhead;
        while (ahead is not null && ahead._store != store)
        {
            ahead = ahead._appTransform?.Target as LookupAhead;
        }

        return ahead is not null;
    }

    private SecurityToken Transform(SecurityToken token, TokenValidationParameters parameters)
    {
        if (_appTransform is not null)
        {
            token = _appTransform(token, parameters);
        }

        // Of a signature that is not plain base64url it takes longer, and whoever made it up may have no key at all.
        if (TokenFingerprint.TryCreateFromPlainSignature(token, out TokenFingerprint fingerprint))
        {
            _store.Prefetch(fingerprint);
        }

        return token;
    }
}
