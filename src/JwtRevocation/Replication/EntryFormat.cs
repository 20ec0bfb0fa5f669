using System.Buffers.Binary;
using System.Text;

namespace JwtRevocation;

/// <summary>Writes and reads revocations as docs/wire-format.md describes, version 1.</summary>
internal static class EntryFormat
{
    private const byte Version = 1;
    private const int FingerprintSize = 16;

    /// <summary>The size of an entry that revokes one token, without remarks.</summary>
    private const int PlainTokenSize = 3 + sizeof(long) + FingerprintSize;

    private const long ForGood = long.MaxValue;
    private static readonly long LastSecond = DateTimeOffset.MaxValue.ToUnixTimeSeconds();
    private static readonly long FirstMicrosecond = (DateTimeOffset.MinValue - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;

    // The second after it can be written too.
    private static readonly long LastMicrosecond = ((LastSecond - 1) * 1_000_000) - 1;

    // Strict, so that no two texts make the same bytes.
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    [Flags]
    private enum Contents : byte
    {
        None = 0,
        ByAuthenticationTime = 1,
        SignsNewToken = 2,
        SparesSession = 4,
        SparesToken = 8,
        Reason = 16,
        Actor = 32,
        All = 63,
    }

    /// <summary>The same revocation with times that can be written, each a little later if need be.</summary>
    public static Revocation Round(Revocation revocation, DateTimeOffset now)
    {
        DateTimeOffset cutoff = TimeOfMicroseconds(MicrosecondsOf(revocation.Cutoff ?? now));
        return new()
        {
            Target = revocation.Target,
            Expires = TimeOfSeconds(SecondsOf(revocation.Expires)),
            Cutoff = revocation.Target.Kind == RevocationTargetKind.Token ? null : cutoff,
            AcceptedFrom = revocation.AcceptedFrom is { } from ? AcceptedFrom(SecondsOf(from), cutoff) : null,
            ByAuthenticationTime = revocation.ByAuthenticationTime,
            SignsNewToken = revocation.SignsNewToken,
            Except = revocation.Except,
            Reason = revocation.Reason,
            Actor = revocation.Actor,
        };
    }

    /// <summary>Writes a revocation that was rounded and added.</summary>
    /// <param name="revocation">The revocation.</param>
    /// <exception cref="ArgumentException">A text is too long, or is no Unicode.</exception>
    public static byte[] Write(Revocation revocation)
    {
        RevocationTarget target = revocation.Target;
        Contents contents = Contents.None
            | (revocation.ByAuthenticationTime ? Contents.ByAuthenticationTime : 0)
            | (revocation.SignsNewToken ? Contents.SignsNewToken : 0)
            | (revocation.Except?.Kind switch
            {
                null => 0,
                RevocationTargetKind.Session => Contents.SparesSession,
                _ => Contents.SparesToken,
            })
            | (revocation.Reason is not null ? Contents.Reason : 0)
            | (revocation.Actor is not null ? Contents.Actor : 0);

        using MemoryStream stream = new(PlainTokenSize);
        stream.Write([Version, (byte)target.Kind, (byte)contents]);
        WriteNumber(stream, SecondsOf(revocation.Expires));
        if (target.Fingerprint is { } fingerprint)
        {
            WriteFingerprint(stream, fingerprint);
        }
        else
        {
            WriteNumber(stream, MicrosecondsOf(revocation.Cutoff!.Value));
            WriteNumber(stream, revocation.AcceptedFrom is { } from ? SecondsOf(from) : 0);
            WriteTexts(stream, target);
        }

        if (revocation.Except is { } except)
        {
            if (except.Fingerprint is { } spared)
            {
                WriteFingerprint(stream, spared);
            }
            else
            {
                WriteTexts(stream, except);
            }
        }

        if (contents.HasFlag(Contents.Reason))
        {
            WriteText(stream, revocation.Reason!);
        }

        if (contents.HasFlag(Contents.Actor))
        {
            WriteText(stream, revocation.Actor!);
        }

        return stream.ToArray();
    }

    /// <summary>Writes the revocation of a single token without remarks: nearly all are that.</summary>
    /// <param name="fingerprint">The token's fingerprint.</param>
    /// <param name="expires">UTC ticks.</param>
    public static byte[] WriteToken(TokenFingerprint fingerprint, long expires)
    {
        byte[] content = new byte[PlainTokenSize];
        content[0] = Version;
        content[1] = (byte)RevocationTargetKind.Token;
        content[2] = (byte)Contents.None;
        BinaryPrimitives.WriteInt64BigEndian(content.AsSpan(3), SecondsOf(new(expires, TimeSpan.Zero)));
        BinaryPrimitives.WriteUInt128BigEndian(content.AsSpan(11), fingerprint.Value);
        return content;
    }

    /// <summary>Reads the revocation of a single token without remarks: nearly all are that.</summary>
    /// <param name="content">The entry.</param>
    /// <param name="fingerprint">The token's fingerprint.</param>
    /// <param name="expires">UTC ticks.</param>
    /// <returns>Whether it is one.</returns>
    public static bool TryReadToken(ReadOnlySpan<byte> content, out TokenFingerprint fingerprint, out long expires)
    {
        if (content.Length == PlainTokenSize
            && content[0] == Version
            && content[1] == (byte)RevocationTargetKind.Token
            && content[2] == (byte)Contents.None)
        {
            expires = TimeOfSeconds(BinaryPrimitives.ReadInt64BigEndian(content[3..])).UtcTicks;
            fingerprint = new(BinaryPrimitives.ReadUInt128BigEndian(content[11..]));
            return true;
        }

        fingerprint = default;
        expires = default;
        return false;
    }

    /// <summary>Reads any entry.</summary>
    /// <returns>The revocation; <see langword="null"/> if it is damaged, or of another version.</returns>
    public static Revocation? Read(ReadOnlySpan<byte> content)
    {
        try
        {
            Reader reader = new(content);
            if (reader.Byte() != Version)
            {
                return null;
            }

            var kind = (RevocationTargetKind)reader.Byte();
            var contents = (Contents)reader.Byte();
            DateTimeOffset expires = TimeOfSeconds(reader.Number());
            bool isToken = kind == RevocationTargetKind.Token;
            DateTimeOffset? cutoff = isToken ? null : TimeOfMicroseconds(reader.Number());
            long acceptedFrom = isToken ? 0 : reader.Number();
            RevocationTarget target = reader.Target(kind);
            if ((contents & ~Contents.All) != 0
                || target.Kind != kind
                || contents.HasFlag(Contents.SparesSession | Contents.SparesToken)
                || (!target.HasCutoff && ((contents & ~(Contents.Reason | Contents.Actor)) != 0 || acceptedFrom != 0)))
            {
                return null;
            }

            Revocation revocation = new()
            {
                Target = target,
                Expires = expires,
                Cutoff = cutoff,
                AcceptedFrom = target.HasCutoff ? AcceptedFrom(acceptedFrom, cutoff!.Value) : null,
                ByAuthenticationTime = contents.HasFlag(Contents.ByAuthenticationTime),
                SignsNewToken = contents.HasFlag(Contents.SignsNewToken),
                Except = contents.HasFlag(Contents.SparesSession) ? reader.Target(RevocationTargetKind.Session)
                    : contents.HasFlag(Contents.SparesToken) ? reader.Target(RevocationTargetKind.Token)
                    : null,
                Reason = contents.HasFlag(Contents.Reason) ? reader.Text() : null,
                Actor = contents.HasFlag(Contents.Actor) ? reader.Text() : null,
            };
            return reader.IsAtEnd ? revocation : null;
        }
        catch (Exception exception) when (exception is ArgumentException or FormatException)
        {
            return null;
        }
    }

    private static long SecondsOf(DateTimeOffset time)
    {
        long seconds = Ceiling((time - DateTimeOffset.UnixEpoch).Ticks, TimeSpan.TicksPerSecond);
        return seconds > LastSecond ? ForGood : seconds;
    }

    private static DateTimeOffset TimeOfSeconds(long seconds) =>
        seconds >= LastSecond ? DateTimeOffset.MaxValue
        : seconds < DateTimeOffset.MinValue.ToUnixTimeSeconds() ? DateTimeOffset.MinValue
        : DateTimeOffset.FromUnixTimeSeconds(seconds);

    private static long MicrosecondsOf(DateTimeOffset time) =>
        Math.Min(Ceiling((time - DateTimeOffset.UnixEpoch).Ticks, TimeSpan.TicksPerMicrosecond), LastMicrosecond);

    private static DateTimeOffset TimeOfMicroseconds(long microseconds) =>
        DateTimeOffset.UnixEpoch + TimeSpan.FromMicroseconds(Math.Clamp(microseconds, FirstMicrosecond, LastMicrosecond));

    // Never a second that the cutoff reaches: once it is held and written back, nobody could tell such an entry from another.
    private static DateTimeOffset AcceptedFrom(long seconds, DateTimeOffset cutoff)
    {
        DateTimeOffset next = new(Cutoffs.NextSecond(cutoff.UtcTicks), TimeSpan.Zero);
        DateTimeOffset time = TimeOfSeconds(seconds);
        return time > next ? time : next;
    }

    private static long Ceiling(long ticks, long unit) => (ticks / unit) + (ticks % unit > 0 ? 1 : 0);

    private static void WriteNumber(MemoryStream stream, long number)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(bytes, number);
        stream.Write(bytes);
    }

    private static void WriteFingerprint(MemoryStream stream, TokenFingerprint fingerprint)
    {
        Span<byte> bytes = stackalloc byte[FingerprintSize];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, fingerprint.Value);
        stream.Write(bytes);
    }

    private static void WriteTexts(MemoryStream stream, RevocationTarget target)
    {
        foreach (string? text in (string?[])[target.Issuer, target.ClaimName, target.Value])
        {
            if (text is not null)
            {
                WriteText(stream, text);
            }
        }
    }

    private static void WriteText(MemoryStream stream, string text)
    {
        byte[] bytes = Utf8.GetBytes(text);
        if (bytes.Length > ushort.MaxValue)
        {
            throw new ArgumentException($"A text of a revocation has {bytes.Length} bytes; the shared log takes {ushort.MaxValue} at most.");
        }

        Span<byte> length = stackalloc byte[sizeof(ushort)];
        BinaryPrimitives.WriteUInt16BigEndian(length, (ushort)bytes.Length);
        stream.Write(length);
        stream.Write(bytes);
    }

    /// <summary>Throws <see cref="ArgumentException"/> or <see cref="FormatException"/> on what is damaged.</summary>
    private ref struct Reader(ReadOnlySpan<byte> rest)
    {
        private ReadOnlySpan<byte> _rest = rest;

        public readonly bool IsAtEnd => _rest.IsEmpty;

        public byte Byte() => Next(1)[0];

        public long Number() => BinaryPrimitives.ReadInt64BigEndian(Next(sizeof(long)));

        public string Text() => Utf8.GetString(Next(BinaryPrimitives.ReadUInt16BigEndian(Next(sizeof(ushort)))));

        public RevocationTarget Target(RevocationTargetKind kind) => kind switch
        {
            RevocationTargetKind.Token => RevocationTarget.OfStored(new(BinaryPrimitives.ReadUInt128BigEndian(Next(FingerprintSize)))),
            RevocationTargetKind.TokenId => RevocationTarget.TokenId(Text(), Text()),
            RevocationTargetKind.Session => RevocationTarget.Session(Text(), Text()),
            RevocationTargetKind.Subject => RevocationTarget.Subject(Text(), Text()),
            RevocationTargetKind.Client => RevocationTarget.Client(Text(), Text()),
            RevocationTargetKind.Claim => RevocationTarget.Claim(Text(), Text(), Text()),
            RevocationTargetKind.Issuer => RevocationTarget.IssuedBy(Text()),
            RevocationTargetKind.Everything => RevocationTarget.Everything,
            _ => throw new FormatException(),
        };

        private ReadOnlySpan<byte> Next(int count)
        {
            if (_rest.Length < count)
            {
                throw new FormatException();
            }

            ReadOnlySpan<byte> next = _rest[..count];
            _rest = _rest[count..];
            return next;
        }
    }
}
