using System.Buffers.Text;
using Microsoft.Extensions.Time.Testing;

namespace JwtRevocation.Tests.Stores;

/// <summary>By itself, because it weighs the whole process.</summary>
[Collection(nameof(InMemoryStoreMemoryTests))]
[CollectionDefinition(nameof(InMemoryStoreMemoryTests), DisableParallelization = true)]
public sealed class InMemoryStoreMemoryTests
{
    [Fact]
    public void Gives_its_memory_back()
    {
        DateTimeOffset start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        FakeTimeProvider clock = new(start);
        using InMemoryRevokedTokenStore store = new(clock);
        long before = Weigh();
        byte[] signature = new byte[32];
        for (int i = 0; i < 200_000; i++)
        {
            BitConverter.TryWriteBytes(signature, i);
            store.Revoke(new()
            {
                Target = RevocationTarget.Token(FastToken.Read($"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30.{Base64Url.EncodeToString(signature)}")),
                Expires = start + TimeSpan.FromSeconds(i % 600),
            });
        }

        long full = Weigh() - before;
        for (int minute = 0; minute < 13; minute++)
        {
            clock.Advance(TimeSpan.FromMinutes(1));
        }

        full.Should().BeGreaterThan(200_000 * 24);
        store.Count.Should().Be(0);
        (Weigh() - before).Should().BeLessThan(full / 10);
    }

    private static long Weigh() => GC.GetTotalMemory(forceFullCollection: true);
}
