using System.Net;
using JwtRevocation.Tests;
using StackExchange.Redis;

namespace JwtRevocation.Redis.Tests.Faults;

/// <summary>
/// A connection that is in another database than the client takes it for. It sends SELECT before a command, and goes on where that
/// was refused: by a server that is busy with a script, or for want of the right.
/// </summary>
public sealed class WrongDatabaseTests
{
    private const int Database = 3;

    public WrongDatabaseTests() => Assert.SkipUnless(RedisServer.IsInstalled, "redis-server is not installed.");

    [Theory]
    [InlineData(Database, 0)]
    [InlineData(0, Database)]
    public async Task A_node_does_not_believe_another_database(int database, int other)
    {
        await using RedisServer redis = await StartAsync();
        string token = TestTokens.Create();
        await using Node one = await Node.StartAsync($"{redis.Configuration},defaultDatabase={database}");
        await one.RevokeAsync(token);
        await using ConnectionMultiplexer misled = await ConnectAsync(redis, database);
        await MisleadAsync(misled, database, other);

        await using Node node = await Node.StartAsync(null, options => Use(options, misled));

        await Eventually.Async(async () => !await node.IsUnknownAsync(), "it knows what is revoked");
        (await node.RefusesAsync(token)).Should().BeTrue();
        node.Messages.Should().NotContain(message => message.StartsWith("Error", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(Database, 0)]
    [InlineData(0, Database)]
    public async Task A_revocation_is_not_acknowledged_from_another_database(int database, int other)
    {
        await using RedisServer redis = await StartAsync();
        await using ConnectionMultiplexer misled = await ConnectAsync(redis, database);
        await using Node node = await Node.StartAsync(null, options => Use(options, misled));
        await Eventually.Async(node.IsReadyAsync, "the node has read");
        const int Revocations = 20;

        for (int i = 0; i < Revocations; i++)
        {
            await MisleadAsync(misled, database, other);
            await node.RevokeAsync(TestTokens.Create());
        }

        await using ConnectionMultiplexer observer = await redis.ConnectAsync();
        (await observer.GetDatabase(database).SortedSetLengthAsync(RedisNamesInUse.Entries)).Should().Be(Revocations);
        (await observer.GetDatabase(other).SortedSetLengthAsync(RedisNamesInUse.Entries)).Should().Be(0);
    }

    [Fact]
    public async Task Fault_21_without_the_right_to_choose_the_database_a_node_knows_nothing()
    {
        await using RedisServer redis = await StartAsync();
        await redis.CommandAsync("ACL", "SETUSER", "app", "on", ">secret", "~*", "&*", "+@all");
        string configuration = $"{redis.Configuration},defaultDatabase={Database},user=app,password=secret,configChannel=";
        await using Node one = await Node.StartAsync(configuration);
        string token = TestTokens.Create();
        await one.RevokeAsync(token);

        // A connection that is in its database stays there.
        await redis.CommandAsync("ACL", "SETUSER", "app", "-select");
        await redis.CommandAsync("CLIENT", "KILL", "USER", "app");
        TimeSpan unknown = await one.TurnsUnknownAsync();
        await using Node later = await Node.StartAsync(configuration);

        await Eventually.NeverAsync(later.IsReadyAsync, "it believes database 0", Node.MaxStaleness);
        (await one.RefusesAsync(token)).Should().BeTrue("what is revoked stays so");
        (await one.SignOutAsync(TestTokens.Create())).Should().Be(HttpStatusCode.ServiceUnavailable);
        (await redis.CountAsync()).Should().Be(0);

        await redis.CommandAsync("ACL", "SETUSER", "app", "+select");
        await new[] { one, later }.HealAsync(token);
        Observed.Write(21, $"SELECT taken away, with another database than 0: unknown in {unknown.In()}, nothing written to database 0");
    }

    [Theory]
    [InlineData("Remove")]
    [InlineData("Initialize")]
    public async Task A_script_changes_nothing_outside_its_database(string name)
    {
        await using RedisServer redis = await RedisServer.StartInUseAsync();
        await using ConnectionMultiplexer connection = await redis.ConnectAsync();
        string script = (string)typeof(RedisStoreOptions).Assembly.GetType("JwtRevocation.Redis.RedisScripts", throwOnError: true)!
            .GetField(name)!.GetRawConstantValue()!;
        if (name == "Remove")
        {
            await connection.GetDatabase().SortedSetAddAsync("log", [new("entry", 1), new("last", 2)]);
            await connection.GetDatabase(Database).SortedSetAddAsync("log", [new("entry", 1), new("last", 2)]);
        }

        // A transaction would go on with its next command.
        Func<Task> toNowhere = () => RunAsync(99);
        await toNowhere.Should().ThrowAsync<RedisServerException>();
        (await HasRunAsync(0)).Should().BeFalse();

        await RunAsync(Database);
        (await HasRunAsync(0)).Should().BeFalse();
        (await HasRunAsync(Database)).Should().BeTrue();

        Task RunAsync(int database) => connection.GetDatabase().ScriptEvaluateAsync(script, ["log"], [database, "entry"]);

        async Task<bool> HasRunAsync(int database) => name == "Remove"
            ? await connection.GetDatabase(database).SortedSetScoreAsync("log", "entry") is null
            : await connection.GetDatabase(database).KeyExistsAsync("log");
    }

    private static async Task<RedisServer> StartAsync()
    {
        RedisServer redis = await RedisServer.StartInUseAsync();
        await using ConnectionMultiplexer connection = await redis.ConnectAsync();
        await connection.GetDatabase(Database).StringSetAsync(RedisNamesInUse.Epoch, "in use, too");
        return redis;
    }

    private static Task<ConnectionMultiplexer> ConnectAsync(RedisServer redis, int database) =>
        ConnectionMultiplexer.ConnectAsync($"{redis.Configuration},defaultDatabase={database}");

    // The client does not look at what it is told to send.
    private static async Task MisleadAsync(ConnectionMultiplexer connection, int database, int other)
    {
        await connection.GetDatabase(database).KeyExistsAsync("whatever");
        await connection.GetDatabase(database).ExecuteAsync("SELECT", other);
    }

    private static void Use(RedisStoreOptions options, ConnectionMultiplexer connection)
    {
        // Each read has the client send SELECT anew: none comes in between.
        options.PollInterval = TimeSpan.FromSeconds(15);
        options.MaxStaleness = TimeSpan.FromSeconds(60);
        options.ConnectionMultiplexerFactory = _ => Task.FromResult<IConnectionMultiplexer>(connection);
    }
}
