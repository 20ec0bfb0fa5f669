using System.Diagnostics.Metrics;
using System.Globalization;
using System.IdentityModel.Tokens.Jwt;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using StackExchange.Redis;

namespace JwtRevocation.Redis.Tests;

public sealed class RedisWireFormatTests : WireFormatTests
{
    private protected override Task<SharedServer> StartServerAsync() => SharedServer.StartRedisAsync();
}

public sealed class GarnetWireFormatTests : WireFormatTests
{
    private protected override Task<SharedServer> StartServerAsync() => SharedServer.StartGarnetAsync();
}

/// <summary>Nodes write what docs/wire-format.md says, and read what a service writes that knows nothing but it.</summary>
public abstract class WireFormatTests
{
    private static readonly WireVectors Vectors = WireVectors.All;

    private protected abstract Task<SharedServer> StartServerAsync();

    [Fact]
    public async Task A_node_writes_each_revocation_as_these_bytes()
    {
        await using SharedServer server = await StartServerAsync();
        await using ConnectionMultiplexer redis = await ConnectionMultiplexer.ConnectAsync(server.Configuration);
        await using Node node = await Node.StartAsync(server.Configuration);

        foreach (WireEntry entry in Vectors.Valid)
        {
            await node.Store.RevokeAsync(entry.ToRevocation(), TestContext.Current.CancellationToken);
        }

        SortedSetEntry[] written = await redis.GetDatabase().SortedSetRangeByRankWithScoresAsync(RedisNamesInUse.Entries);
        foreach ((SortedSetEntry member, WireEntry entry) in written.Zip(Vectors.Valid))
        {
            HexOf(member.Element).Should().Be(entry.Hex, "it is '{0}'", entry.Name);
        }

        written.Should().HaveSameCount(Vectors.Valid);
        written.Should().OnlyContain(member => member.Score >= 1 && double.IsInteger(member.Score));
        written.Select(member => member.Score).Should().OnlyHaveUniqueItems();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_node_knows_each_entry_that_another_service_writes(bool announced)
    {
        await using SharedServer server = await StartServerAsync();
        await using ConnectionMultiplexer redis = await ConnectionMultiplexer.ConnectAsync(server.Configuration);
        await using Node node = await Node.StartAsync(server.Configuration, options => options.MaxStaleness = TimeSpan.FromMinutes(1));
        await using Node slow = await Node.StartAsync(server.Configuration, SlowPolls);
        await ListensAsync(redis, nodes: 2);
        WireEntry[] entries = [.. Vectors.Valid, .. Vectors.Readable];

        long position = 1;
        foreach (WireEntry entry in entries)
        {
            await WriteAsync(redis, position, entry, announced);
            position += 17;
        }

        // The slow one far sooner than its next poll, so by what was announced.
        Node told = announced ? slow : node;
        await Eventually.Async(async () => (await ListAsync(told)).Exists(last => last.Target.Equals(entries[^1].Target)), "the node knows the last one", TimeSpan.FromSeconds(10));
        List<Revocation> listed = await ListAsync(told);
        foreach (WireEntry entry in entries)
        {
            entry.ShouldBeAmong(listed);
        }

        node.Messages.Should().NotContain(message => message.Contains("The shared log", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_node_skips_what_is_invalid_and_reads_on()
    {
        await using SharedServer server = await StartServerAsync();
        await using ConnectionMultiplexer redis = await ConnectionMultiplexer.ConnectAsync(server.Configuration);
        await using Node node = await Node.StartAsync(server.Configuration, options => options.MaxStaleness = TimeSpan.FromMinutes(1));
        long skipped = 0;
        using MeterListener metrics = ListenTo(node, "jwt_revocation.replica.skipped", count => Interlocked.Add(ref skipped, count));
        await ListensAsync(redis, nodes: 1);
        WireEntry last = Vectors.Valid.First(entry => entry.Kind == "subject");

        foreach (string nonsense in new[] { "", " ", "1", "1 ", "x 1", "-1 1", "99999999999999999999 1" })
        {
            await redis.GetSubscriber().PublishAsync(RedisChannel.Literal(RedisNamesInUse.Hints), nonsense);
        }

        long position = 1;
        foreach (WireEntry entry in Vectors.Invalid.Append(last))
        {
            await WriteAsync(redis, position++, entry, announced: entry != last);
        }

        await Eventually.Async(async () => (await ListAsync(node)).Count > 0, "the node knows the last one");
        last.ShouldBeAmong(await ListAsync(node));
        (await ListAsync(node)).Should().OnlyContain(revocation => revocation.Target.Equals(last.Target));
        Interlocked.Read(ref skipped).Should().Be(Vectors.Invalid.Length);
        node.Messages.Where(message => message.Contains("damaged, or of a later version", StringComparison.Ordinal)).Should().ContainSingle();
    }

    [Fact]
    public async Task The_script_of_the_document_adds_entries_and_announces_them()
    {
        await using SharedServer server = await StartServerAsync();
        await using ConnectionMultiplexer redis = await ConnectionMultiplexer.ConnectAsync(server.Configuration);
        await using Node slow = await Node.StartAsync(server.Configuration, SlowPolls);
        await ListensAsync(redis, nodes: 1);
        WireEntry[] entries = Vectors.Valid[..3];

        (await AppendAsync(gap: 7)).Should().Equal("", "7", "8", "9");
        (await AppendAsync(gap: 5)).Should().Equal(["", "7", "8", "9"], "what is there keeps its position");

        await Eventually.Async(async () => (await ListAsync(slow)).Count == entries.Length, "the node was told", TimeSpan.FromSeconds(10));

        async Task<string[]> AppendAsync(int gap) => (string[])(await redis.GetDatabase().ScriptEvaluateAsync(
            WireFormatDocumentTests.AppendScript,
            [RedisNamesInUse.Entries],
            [0, RedisNamesInUse.Hints, gap, .. entries.Select(entry => (RedisValue)entry.Bytes)]))!;
    }

    private static void SlowPolls(RedisStoreOptions options)
    {
        options.PollInterval = TimeSpan.FromSeconds(15);
        options.MaxStaleness = TimeSpan.FromSeconds(60);
    }

    /// <summary>As another service would, without the script.</summary>
    private static async Task WriteAsync(ConnectionMultiplexer redis, long position, WireEntry entry, bool announced)
    {
        (await redis.GetDatabase().SortedSetAddAsync(RedisNamesInUse.Entries, entry.Bytes, position)).Should().BeTrue();
        if (announced)
        {
            byte[] hint = [.. System.Text.Encoding.ASCII.GetBytes(position.ToString(CultureInfo.InvariantCulture) + " "), .. entry.Bytes];
            await redis.GetSubscriber().PublishAsync(RedisChannel.Literal(RedisNamesInUse.Hints), hint);
        }
    }

    // A node does not wait for its subscription. What is no hint is ignored.
    private static Task<TimeSpan> ListensAsync(ConnectionMultiplexer redis, int nodes) => Eventually.Async(
        async () => await redis.GetSubscriber().PublishAsync(RedisChannel.Literal(RedisNamesInUse.Hints), "nothing") == nodes, "the nodes listen");

    private static async Task<List<Revocation>> ListAsync(Node node)
    {
        List<Revocation> listed = [];
        await foreach (Revocation revocation in node.Store.GetRevocationsAsync(TestContext.Current.CancellationToken))
        {
            listed.Add(revocation);
        }

        return listed;
    }

    private static MeterListener ListenTo(Node node, string name, Action<long> add)
    {
        IMeterFactory factory = node.Services.GetRequiredService<IMeterFactory>();
        MeterListener listener = new()
        {
            InstrumentPublished = (instrument, listening) =>
            {
                if (instrument.Meter.Scope == factory && instrument.Name == name)
                {
                    listening.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((_, count, _, _) => add(count));
        listener.Start();
        return listener;
    }

    private static string HexOf(RedisValue value) => Convert.ToHexStringLower((byte[])value!);
}

/// <summary>The parts of the document that need no server.</summary>
public sealed class WireFormatDocumentTests
{
    /// <summary>The first script that the document shows.</summary>
    internal static string ReadUnwritableScript { get; } = ScriptOf(1);

    /// <summary>The second one.</summary>
    internal static string AppendScript { get; } = ScriptOf(2);

    public static TheoryData<string> Tokens { get; } = [.. WireVectors.All.Tokens.Select(static token => token.Name)];

    [Theory]
    [MemberData(nameof(Tokens))]
    public void A_token_has_this_fingerprint(string name)
    {
        WireToken vector = WireVectors.All.Tokens.Single(token => token.Name == name);
        foreach (SecurityToken token in new SecurityToken[] { new JsonWebToken(vector.Token), new JwtSecurityToken(vector.Token) })
        {
            TokenFingerprint.TryCreate(token, out TokenFingerprint fingerprint).Should().BeTrue();
            fingerprint.ToString().Should().Be(vector.Fingerprint);
        }
    }

    [Fact]
    public void The_scripts_are_those_that_nodes_use()
    {
        Type scripts = typeof(RedisStoreOptions).Assembly.GetType("JwtRevocation.Redis.RedisScripts", throwOnError: true)!;

        scripts.GetField("ReadUnwritable")!.GetRawConstantValue().Should().Be(ReadUnwritableScript);
        scripts.GetField("Append")!.GetRawConstantValue().Should().Be(AppendScript);
    }

    private static string ScriptOf(int number) => WireVectors.Document("wire-format.md").Split("```lua\n")[number].Split("\n```")[0];
}
