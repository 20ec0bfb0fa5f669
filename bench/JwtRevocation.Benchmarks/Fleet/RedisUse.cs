using System.Globalization;
using StackExchange.Redis;

namespace JwtRevocation.Benchmarks.Fleet;

/// <summary>What a Redis has done so far, those commands among them that scripts called.</summary>
/// <param name="Commands">Commands.</param>
/// <param name="BytesIn">Bytes that it has received.</param>
/// <param name="BytesOut">Bytes that it has sent.</param>
/// <param name="Processor">Seconds of processor time.</param>
internal readonly record struct RedisUse(double Commands, double BytesIn, double BytesOut, double Processor)
{
    public static async Task<RedisUse> ReadAsync(IConnectionMultiplexer connection)
    {
        RedisResult all = await connection.GetDatabase().ExecuteAsync("INFO");
        Dictionary<string, string> info = ((string)all!).Split("\r\n")
            .Select(static line => line.Split(':', 2))
            .Where(static parts => parts.Length == 2)
            .ToDictionary(static parts => parts[0], static parts => parts[1]);
        return new(
            Number("total_commands_processed"),
            Number("total_net_input_bytes"),
            Number("total_net_output_bytes"),
            Number("used_cpu_sys") + Number("used_cpu_user"));

        double Number(string name) => double.Parse(info[name], CultureInfo.InvariantCulture);
    }

    public static RedisUse operator -(RedisUse left, RedisUse right) =>
        new(left.Commands - right.Commands, left.BytesIn - right.BytesIn, left.BytesOut - right.BytesOut, left.Processor - right.Processor);

    public static RedisUse operator /(RedisUse use, double divisor) =>
        new(use.Commands / divisor, use.BytesIn / divisor, use.BytesOut / divisor, use.Processor / divisor);

    public static RedisUse operator *(RedisUse use, double factor) => use / (1 / factor);

    public static RedisUse operator +(RedisUse left, RedisUse right) => left - (right * -1);
}
