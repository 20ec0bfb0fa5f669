using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using OpenIddict.Abstractions;
using OpenIddict.EntityFrameworkCore.Models;
using OpenIddict.Validation.AspNetCore;

namespace JwtRevocation.Benchmarks.Api.Published;

/// <summary>
/// An API that validates by OpenIddict, which has each token in a table of a database. EnableTokenEntryValidation has it look
/// there for each request.
/// </summary>
internal static class OpenIddictApi
{
    public const string Scheme = OpenIddictValidationAspNetCoreDefaults.AuthenticationScheme;

    public static void AddOpenIddictValidation(this IServiceCollection services, ApiKeys keys, bool withEntries, string database)
    {
        OpenIddictBuilder builder = services.AddOpenIddict().AddValidation(validation =>
        {
            OpenIddictConfiguration configuration = new() { Issuer = new(SampleTokens.Issuer) };
            configuration.SigningKeys.Add(keys.Hs256.Key);
            configuration.SigningKeys.Add(keys.Rs256.Key);
            validation.SetIssuer(SampleTokens.Issuer);
            validation.SetConfiguration(configuration);
            validation.AddAudiences(SampleTokens.Audience);
            validation.UseAspNetCore();
            if (withEntries)
            {
                validation.EnableTokenEntryValidation();
            }
        });
        if (withEntries)
        {
            services.AddDbContext<DbContext>(options => options.UseSqlite($"Data Source={database}").UseOpenIddict());
            builder.AddCore(core => core.UseEntityFrameworkCore().UseDbContext<DbContext>());
        }
    }

    public static async Task AddEntriesAsync(IServiceProvider services)
    {
        await using AsyncServiceScope scope = services.CreateAsyncScope();
        DbContext context = scope.ServiceProvider.GetRequiredService<DbContext>();
        await context.Database.EnsureCreatedAsync();
        context.AddRange(Enumerable.Range(0, ApiTokens.Count + 1).Select(static number => new OpenIddictEntityFrameworkCoreToken
        {
            Id = ApiTokens.EntryId(number),
            Subject = ApiTokens.Subject(number),
            Type = OpenIddictConstants.TokenTypeHints.AccessToken,
            Status = number == ApiTokens.Revoked ? OpenIddictConstants.Statuses.Revoked : OpenIddictConstants.Statuses.Valid,
        }));
        await context.SaveChangesAsync();
    }
}
