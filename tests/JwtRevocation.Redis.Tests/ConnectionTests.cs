using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using JwtRevocation.Tests;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace JwtRevocation.Redis.Tests;

/// <summary>The ways to name a Redis, and the kinds of it.</summary>
public sealed class ConnectionTests
{
    public ConnectionTests() => Assert.SkipUnless(RedisServer.IsInstalled, "redis-server is not installed.");

    [Theory]
    [InlineData("protocol=resp2")]
    [InlineData("protocol=resp3")]
    [InlineData("channelPrefix=app:")]
    [InlineData("defaultDatabase=3")]
    public async Task Settings_of_the_client_do_not_matter(string setting)
    {
        await using RedisServer redis = await RedisServer.StartAsync();
        await redis.CommandAsync("SELECT", 3);
        await using ConnectionMultiplexer connection = await redis.ConnectAsync();
        await connection.GetDatabase(3).StringSetAsync(RedisNamesInUse.Epoch, "in use");
        await connection.GetDatabase(0).StringSetAsync(RedisNamesInUse.Epoch, "in use");

        await ShouldShareAsync($"{redis.Configuration},{setting}");
    }

    [Fact]
    public async Task Denylists_in_two_databases_do_not_hear_each_other()
    {
        await using RedisServer redis = await RedisServer.StartAsync();
        await using ConnectionMultiplexer connection = await redis.ConnectAsync();
        await connection.GetDatabase(0).StringSetAsync(RedisNamesInUse.Epoch, "in use");
        await connection.GetDatabase(3).StringSetAsync(RedisNamesInUse.Epoch, "in use");
        await using Node one = await Node.StartAsync(redis.Configuration);
        await using Node other = await Node.StartAsync($"{redis.Configuration},defaultDatabase=3");
        string token = TestTokens.Create(), another = TestTokens.Create();

        await one.RevokeAsync(token);
        await other.RevokeAsync(another);

        // Each knows of its own by now, and of what it hears, too.
        await Eventually.NeverAsync(
            async () => await other.RefusesAsync(token) || await one.RefusesAsync(another), "one knows of the other's", Node.PollInterval * 5);
    }

    [Fact]
    public async Task A_cluster_holds_all_keys_in_one_slot()
    {
        await using RedisServer redis = await RedisServer.StartAsync("--cluster-enabled", "yes");
        await redis.CommandAsync("CLUSTER", "ADDSLOTSRANGE", 0, 16383);
        await Eventually.Async(
            async () => ((string)(await redis.CommandAsync("CLUSTER", "INFO"))!).Contains("cluster_state:ok", StringComparison.Ordinal), "the cluster is there");
        await redis.CommandAsync("SET", RedisNamesInUse.Epoch, "in use");

        await ShouldShareAsync(redis.Configuration);
    }

    [Fact]
    public async Task Over_TLS()
    {
        string folder = Directory.CreateTempSubdirectory("jwt-revocation-tls-").FullName;
        using RSA key = RSA.Create(2048);
        CertificateRequest request = new("CN=localhost", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        using X509Certificate2 certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        await File.WriteAllTextAsync(Path.Combine(folder, "tls.crt"), certificate.ExportCertificatePem(), TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(folder, "tls.key"), key.ExportPkcs8PrivateKeyPem(), TestContext.Current.CancellationToken);
        int port = RedisServer.FreePort();
        await using RedisServer redis = await RedisServer.StartInUseAsync(
            "--tls-port", $"{port}", "--tls-cert-file", Path.Combine(folder, "tls.crt"), "--tls-key-file", Path.Combine(folder, "tls.key"),
            "--tls-ca-cert-file", Path.Combine(folder, "tls.crt"), "--tls-auth-clients", "no");
        ConfigurationOptions configuration = ConfigurationOptions.Parse($"127.0.0.1:{port},ssl=true");
        configuration.CertificateValidation += (_, presented, _, _) => presented?.GetCertHashString() == certificate.GetCertHashString();
        string before = configuration.ToString();

        await ShouldShareAsync(null, options => options.ConfigurationOptions = configuration);

        configuration.ToString().Should().Be(before, "the caller's object stays as it is");
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task A_connection_of_the_app_is_used_and_left_open()
    {
        await using RedisServer redis = await RedisServer.StartInUseAsync();
        await using ConnectionMultiplexer connection = await redis.ConnectAsync();

        await ShouldShareAsync(null, options => options.ConnectionMultiplexerFactory = _ => Task.FromResult<IConnectionMultiplexer>(connection));

        (await connection.GetDatabase().PingAsync()).Should().BePositive("it is still open");
    }

    [Fact]
    public async Task A_password_that_reads_like_settings()
    {
        await using RedisServer redis = await RedisServer.StartInUseAsync();
        await redis.CommandAsync("CONFIG", "SET", "requirepass", "s3cr,etPass=word");
        ConfigurationOptions configuration = ConfigurationOptions.Parse(redis.Configuration);
        configuration.Password = "s3cr,etPass=word";

        await ShouldShareAsync(null, options => options.ConfigurationOptions = configuration);
    }

    [Fact]
    public async Task A_factory_that_fails_at_first_is_asked_again()
    {
        await using RedisServer redis = await RedisServer.StartInUseAsync();
        await using ConnectionMultiplexer connection = await redis.ConnectAsync();
        int calls = 0;
        await using Node node = await Node.StartAsync(null, options => options.ConnectionMultiplexerFactory = _ => ++calls switch
        {
            1 => throw new IOException("not yet"),
            2 => Task.FromResult<IConnectionMultiplexer>(null!),
            _ => Task.FromResult<IConnectionMultiplexer>(connection),
        });

        await Eventually.Async(node.IsReadyAsync, "the node has its connection");
    }

    [Theory]
    [InlineData("9007199254740990")]
    [InlineData("9007199254740000")]
    public async Task Positions_that_are_used_up_are_no_acknowledgement(string position)
    {
        await using RedisServer redis = await RedisServer.StartInUseAsync();
        await using Node node = await Node.StartAsync(redis.Configuration);
        await redis.CommandAsync("ZADD", RedisNamesInUse.Entries, position, "garbage");

        HashSet<System.Net.HttpStatusCode> answers = [];
        for (int i = 0; i < 20; i++)
        {
            string token = TestTokens.Create();
            System.Net.HttpStatusCode answer = await node.SignOutAsync(token);
            answers.Add(answer);
            await using Node? later = answer == System.Net.HttpStatusCode.OK ? await Node.StartAsync(redis.Configuration) : null;
            (later is null || await later.RefusesAsync(token)).Should().BeTrue("what was acknowledged can be read");
        }

        answers.Should().Contain(System.Net.HttpStatusCode.ServiceUnavailable);
    }

    [Theory]
    [InlineData("-1000000000")]
    [InlineData("-inf")]
    public async Task What_is_acknowledged_beside_an_entry_at_no_position_can_be_read(string position)
    {
        await using RedisServer redis = await RedisServer.StartInUseAsync();
        await redis.CommandAsync("ZADD", RedisNamesInUse.Entries, position, "garbage");
        await using Node node = await Node.StartAsync(redis.Configuration);
        string token = TestTokens.Create();

        await node.RevokeAsync(token);

        await using Node later = await Node.StartAsync(redis.Configuration);
        (await later.RefusesAsync(token)).Should().BeTrue();
    }

    [Fact]
    public async Task A_store_that_has_ended_before_it_could_subscribe_leaves_nothing_in_a_connection_of_the_app()
    {
        await using RedisServer redis = await RedisServer.StartInUseAsync();
        await using ConnectionMultiplexer connection = await redis.ConnectAsync();
        ServiceCollection services = new();
        services.AddAuthentication().AddJwtBearer();
        services.AddJwtRevocation().AddRedisStore(options => options.ConnectionMultiplexerFactory = _ => Task.FromResult<IConnectionMultiplexer>(connection));
        await using (ServiceProvider app = services.BuildServiceProvider())
        {
            redis.Stop();
            long sent = connection.GetCounters().Subscription.OperationCount;
            app.GetRequiredService<IRevokedTokenStore>();
            await Eventually.Async(() => connection.GetCounters().Subscription.OperationCount > sent, "it asks to subscribe");
        }

        redis.Continue();

        // On the connection by which it was asked.
        await connection.GetSubscriber().PingAsync();
        await Eventually.Async(
            async () => (int)((RedisResult[])(await redis.CommandAsync("PUBSUB", "NUMSUB", RedisNamesInUse.Hints))!)[1] == 0, "nobody listens any more");
    }

    [Theory]
    [InlineData("inf")]
    [InlineData("-3")]
    public async Task An_entry_at_no_position_gets_one(string position)
    {
        await using RedisServer redis = await RedisServer.StartInUseAsync();
        await using Node node = await Node.StartAsync(redis.Configuration);
        string token = TestTokens.Create();
        await node.RevokeAsync(token);
        RedisValue entry = ((RedisValue[])(await redis.CommandAsync("ZRANGE", RedisNamesInUse.Entries, 0, -1))!)[0];
        await redis.CommandAsync("DEL", RedisNamesInUse.Entries);
        await redis.CommandAsync("ZADD", RedisNamesInUse.Entries, position, entry);

        await Eventually.Async(
            async () => (double)await redis.CommandAsync("ZSCORE", RedisNamesInUse.Entries, entry) is >= 1 and < 9e15 and var score && score % 1 == 0,
            "it has a position");
        await using Node later = await Node.StartAsync(redis.Configuration);
        (await later.RefusesAsync(token)).Should().BeTrue();
    }

    [Fact]
    public async Task A_configuration_that_names_no_server_stops_the_app_at_its_start()
    {
        Func<Task> start = () => Node.StartAsync("password=abc,ssl=false");

        (await start.Should().ThrowAsync<OptionsValidationException>()).WithMessage("*Configuration*names no server*");
    }

    [Theory]
    [InlineData("redis://user:secret@localhost:6379")]
    [InlineData("redis://user:secret@localhost:6379/0")]
    [InlineData("user:secret@localhost:6379")]
    public async Task A_URL_stops_the_app_at_its_start_and_is_not_repeated(string url)
    {
        Func<Task> start = () => Node.StartAsync(url);

        (await start.Should().ThrowAsync<OptionsValidationException>()).Which.Message.Should().Contain("Configuration").And.Contain("host:port").And.NotContain("secret");
    }

    [Fact]
    public async Task From_a_configuration_section()
    {
        await using RedisServer redis = await RedisServer.StartAsync();
        IConfiguration configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(new Dictionary<string, string?>
            {
                ["Configuration"] = redis.Configuration,
                ["KeyPrefix"] = "my-app",
                ["PollInterval"] = "00:00:00.500",
                ["MaxStaleness"] = "00:00:20",
            })
            .Build();
        ServiceCollection services = new();
        services.AddAuthentication().AddJwtBearer();
        services.AddJwtRevocation().AddRedisStore(configuration);
        await using ServiceProvider provider = services.BuildServiceProvider();

        RedisStoreOptions options = provider.GetRequiredService<IOptions<RedisStoreOptions>>().Value;

        (options.Configuration, options.KeyPrefix, options.PollInterval, options.MaxStaleness)
            .Should().Be((redis.Configuration, "my-app", TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(20)));
        await provider.GetRequiredService<IRevokedTokenStore>().RevokeAsync(
            new() { Target = RevocationTarget.Subject("i", "s"), Expires = DateTimeOffset.MaxValue }, TestContext.Current.CancellationToken);
        ((long)await redis.CommandAsync("ZCARD", "{my-app}:entries")).Should().Be(1);
    }

    [Fact]
    public async Task An_app_starts_without_Redis_refuses_what_it_cannot_vouch_for_and_comes_good_by_itself()
    {
        await using RedisServer redis = await RedisServer.StartAsync();
        await redis.KillAsync();

        await using Node node = await Node.StartAsync(redis.Configuration);
        (await node.IsUnknownAsync()).Should().BeTrue("it cannot say which tokens are revoked");
        (await node.HealthAsync()).Status.Should().Be(HealthStatus.Unhealthy);
        node.Messages.Should().Contain(message => message.StartsWith("Warning 9:", StringComparison.Ordinal));
        (await node.SignOutAsync(TestTokens.Create())).Should().Be(System.Net.HttpStatusCode.ServiceUnavailable);

        await redis.RestartAsync();
        await redis.CommandAsync("SET", RedisNamesInUse.Epoch, "in use");
        await Eventually.Async(node.IsReadyAsync, "the node can say again");
        await Eventually.Async(async () => (await node.HealthAsync()).Status == HealthStatus.Healthy, "the node is healthy");
    }

    [Fact]
    public async Task A_first_use_ever_takes_ten_seconds_in_which_nothing_is_accepted_and_is_said_loudly()
    {
        await using RedisServer redis = await RedisServer.StartAsync();
        await using Node node = await Node.StartAsync(redis.Configuration, options => options.MaxStaleness = TimeSpan.FromSeconds(60));

        (await node.IsUnknownAsync()).Should().BeTrue();
        TimeSpan took = await Eventually.Async(node.IsReadyAsync, "the node takes the log for new");

        took.Should().BeGreaterThan(TimeSpan.FromSeconds(8));
        node.Messages.Should().ContainSingle(message => message.StartsWith("Error 14:", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("", 1, 60, "*KeyPrefix*must not be empty*")]
    [InlineData("a{b", 1, 60, "*KeyPrefix*'a{b'*")]
    [InlineData("a", 1, 2, "*PollInterval must be from 10 milliseconds to a third of MaxStaleness*00:00:01*")]
    [InlineData("a", 1, 0, "*MaxStaleness must be positive*00:00:00*")]
    public async Task Wrong_options_stop_the_app_at_its_start(string prefix, int poll, int staleness, string message)
    {
        Func<Task> start = () => Node.StartAsync("localhost", options =>
        {
            options.KeyPrefix = prefix;
            options.PollInterval = TimeSpan.FromSeconds(poll);
            options.MaxStaleness = TimeSpan.FromSeconds(staleness);
        });

        (await start.Should().ThrowAsync<OptionsValidationException>()).WithMessage(message);
    }

    [Fact]
    public async Task A_tunnel_that_is_none_stops_the_app_at_its_start()
    {
        Func<Task> start = () => Node.StartAsync("localhost:6379,tunnel=http:");

        (await start.Should().ThrowAsync<OptionsValidationException>()).WithMessage("*Configuration*");
    }

    [Fact]
    public async Task Exactly_one_way_to_Redis_must_be_named()
    {
        Func<Task> start = () => Node.StartAsync(null);

        (await start.Should().ThrowAsync<OptionsValidationException>()).WithMessage("*exactly one of Configuration, ConfigurationOptions and ConnectionMultiplexerFactory must be set, but 0 are*");
    }

    private static async Task ShouldShareAsync(string? configuration, Action<RedisStoreOptions>? options = null)
    {
        // Far apart, so that it is by a hint if it comes soon.
        void Configure(RedisStoreOptions redis)
        {
            redis.PollInterval = TimeSpan.FromSeconds(15);
            redis.MaxStaleness = TimeSpan.FromSeconds(60);
            options?.Invoke(redis);
        }

        await using Node one = await Node.StartAsync(configuration, Configure);
        await using Node other = await Node.StartAsync(configuration, Configure);
        string token = TestTokens.Create();
        (await other.AcceptsAsync(token)).Should().BeTrue();
        await one.RevokeAsync(token);
        await Eventually.Async(() => other.RefusesAsync(token), "the other node refuses the token", TimeSpan.FromSeconds(5));
        await using Node later = await Node.StartAsync(configuration, Configure);
        (await later.RefusesAsync(token)).Should().BeTrue("it is in Redis");
    }
}
