using System.Globalization;
using System.Text;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace JwtRevocation.Benchmarks.Api;

/// <summary>
/// The tokens that the load is made with, the same ones for each API: OpenIddict wants its type and the id of its entry in
/// them, and the others do not mind. So many that what is looked up for one has left the processor's caches when it comes again.
/// </summary>
internal static class ApiTokens
{
    public const int Count = 16_384;

    /// <summary>The number of the token that is revoked in every API that can.</summary>
    public const int Revoked = Count;

    private static readonly Dictionary<string, object> Header = new() { [JwtHeaderParameterNames.Typ] = "at+jwt" };

    private static readonly CompositeFormat Payload = CompositeFormat.Parse(
        $$$"""{{"iss":"{{{SampleTokens.Issuer}}}","aud":"{{{SampleTokens.Audience}}}","sub":"{0}","jti":"{1:x32}","sid":"{2:x16}","client_id":"spa","tenant":"t1","scope":"read write","iat":1767225600,"exp":4102444800,"oi_tkn_id":"{3}"}}""");

    private static readonly JsonWebTokenHandler Handler = new();

    public static string Encode(int number, SigningCredentials credentials) => Handler.CreateToken(
        string.Format(CultureInfo.InvariantCulture, Payload, Subject(number), number, number / 2, EntryId(number)),
        credentials,
        Header);

    public static string Subject(int number) => $"auth0|{number:x24}";

    /// <summary>The id of the token's entry in OpenIddict's database.</summary>
    public static string EntryId(int number) => new Guid(number, 0, 0, new byte[8]).ToString();
}
