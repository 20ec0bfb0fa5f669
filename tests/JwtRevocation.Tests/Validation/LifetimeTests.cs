using System.IdentityModel.Tokens.Jwt;
using CsCheck;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace JwtRevocation.Tests.Validation;

/// <summary>Nothing about the times changes by adding the library: held against the handlers as they come.</summary>
public sealed class LifetimeTests : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddJwtRevocation().Services.BuildServiceProvider();

    /// <summary>What the app's own delegate does, if it has one.</summary>
    public enum AppRule
    {
        None,
        Accepts,
        Refuses,
        Throws,
        AsksIdentityModel,
    }

    // Seconds from now, or no such claim. Far enough from every boundary that the time between two validations does not matter.
    private static readonly Gen<int?> Time = Gen.OneOf(Gen.Const((int?)null), Gen.OneOf<int?>(-100_000, -4_000, -450, -150, -40, 40, 150, 450, 4_000, 100_000));
    private static readonly Gen<TimeSpan> Skew = Gen.OneOf(0, 100, 300, 3_600, 86_400).Select(seconds => TimeSpan.FromSeconds(seconds));

    private static readonly Gen<Case> AnyCase = Gen.Select(
        Time, Time, Skew, Gen.Bool, Gen.Bool, Gen.Enum<AppRule>(), Gen.Bool,
        (expires, notBefore, skew, required, validate, app, changedLater) => new Case(expires, notBefore, skew, required, validate, app, changedLater));

    [Fact]
    public Task JsonWebTokenHandler_decides_as_without_the_library() =>
        AnyCase.SampleAsync(
            async example =>
            {
                string token = TokenOf(example);
                TokenValidationResult stock = await new JsonWebTokenHandler().ValidateTokenAsync(token, ParametersOf(example, library: false));
                TokenValidationResult ours = await new JsonWebTokenHandler().ValidateTokenAsync(token, ParametersOf(example, library: true));

                ours.IsValid.Should().Be(stock.IsValid);
                ShouldBeTheSame(ours.Exception, stock.Exception);
            },
            iter: 5_000);

    [Fact]
    public void JwtSecurityTokenHandler_decides_as_without_the_library() =>
        AnyCase.Sample(
            example =>
            {
                string token = TokenOf(example);
                Exception? stock = Failure(() => new JwtSecurityTokenHandler().ValidateToken(token, ParametersOf(example, library: false), out _));
                Exception? ours = Failure(() => new JwtSecurityTokenHandler().ValidateToken(token, ParametersOf(example, library: true), out _));

                ShouldBeTheSame(ours, stock);
            },
            iter: 5_000);

    [Fact]
    public void The_cases_reach_every_outcome()
    {
        // The proof that the tests above compare more than one thing.
        HashSet<string> outcomes = [];
        AnyCase.Sample(
            example =>
            {
                string outcome = Failure(() => new JwtSecurityTokenHandler().ValidateToken(TokenOf(example), ParametersOf(example, library: true), out _))?.GetType().Name ?? "accepted";
                lock (outcomes)
                {
                    outcomes.Add(outcome);
                }
            },
            iter: 2_000);

        outcomes.Should().BeEquivalentTo(
            "accepted",
            nameof(SecurityTokenExpiredException),
            nameof(SecurityTokenNotYetValidException),
            nameof(SecurityTokenInvalidLifetimeException),
            nameof(SecurityTokenNoExpirationException),
            nameof(TimeZoneNotFoundException));
    }

    public void Dispose() => _services.Dispose();

    private TokenValidationParameters ParametersOf(Case example, bool library)
    {
        TokenValidationParameters parameters = TestTokens.Parameters();
        parameters.LifetimeValidator = example.App switch
        {
            AppRule.Accepts => (_, _, _, _) => true,
            AppRule.Refuses => (_, _, _, _) => false,
            AppRule.Throws => (_, _, _, _) => throw new TimeZoneNotFoundException("the app's own"),
            AppRule.AsksIdentityModel => (notBefore, expires, token, given) =>
            {
                TokenValidationParameters without = given.Clone();
                without.LifetimeValidator = null;
                Validators.ValidateLifetime(notBefore, expires, token, without);
                return true;
            }
            ,
            _ => null,
        };
        if (library && example.ChangedLater)
        {
            parameters.AddJwtRevocation(_services);
        }

        parameters.ClockSkew = example.Skew;
        parameters.RequireExpirationTime = example.Required;
        parameters.ValidateLifetime = example.Validate;
        return library ? parameters.AddJwtRevocation(_services) : parameters;
    }

    private static string TokenOf(Case example)
    {
        long now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        return TestTokens.Create(configure: descriptor =>
        {
            descriptor.Expires = null;
            Set("exp", example.Expires);
            Set("nbf", example.NotBefore);

            void Set(string claim, int? time)
            {
                if (time is not null)
                {
                    descriptor.Claims[claim] = now + time.Value;
                }
            }
        });
    }

    private static Exception? Failure(Action action)
    {
        try
        {
            action();
            return null;
        }
        catch (Exception exception)
        {
            return exception;
        }
    }

    private static void ShouldBeTheSame(Exception? ours, Exception? stock)
    {
        (ours?.GetType()).Should().Be(stock?.GetType());
        WithoutClock(ours?.Message).Should().Be(WithoutClock(stock?.Message));
        if (stock is SecurityTokenInvalidLifetimeException lifetime)
        {
            ours.As<SecurityTokenInvalidLifetimeException>().Expires.Should().Be(lifetime.Expires);
            ours.As<SecurityTokenInvalidLifetimeException>().NotBefore.Should().Be(lifetime.NotBefore);
        }
    }

    // The message tells the time at which it was made.
    private static string? WithoutClock(string? message) =>
        message is null ? null : System.Text.RegularExpressions.Regex.Replace(message, "Current time \\(UTC\\): '[^']*'", "Current time");

    private sealed record Case(int? Expires, int? NotBefore, TimeSpan Skew, bool Required, bool Validate, AppRule App, bool ChangedLater);
}
