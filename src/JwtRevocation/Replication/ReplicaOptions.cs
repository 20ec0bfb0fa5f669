namespace JwtRevocation;

/// <summary>How a node keeps its memory complete from an <see cref="IRevocationLog"/>. Wrong ones stop the app at its start.</summary>
public class ReplicaOptions
{
    /// <summary>
    /// How often the log is read. What another node revokes is known after this time, while the log can be reached and no
    /// read of everything is under way (seconds for a million entries, every few minutes); mostly within milliseconds. The default is 1 second; it must be from 10 milliseconds to a third of
    /// <see cref="MaxStaleness"/>.
    /// </summary>
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// For how long this node vouches for tokens without having read the log. Then it cannot say any more which are revoked,
    /// and <see cref="JwtRevocationOptions.WhenUnavailable"/> decides; what is revoked stays so. A token that another node
    /// has revoked is accepted here for at most this time. The default is 60 seconds, longer than a failover usually takes;
    /// it must be at most a day.
    /// </summary>
    public TimeSpan MaxStaleness { get; set; } = TimeSpan.FromSeconds(60);

    internal IEnumerable<string> Errors()
    {
        if (MaxStaleness <= TimeSpan.Zero || MaxStaleness > TimeSpan.FromDays(1))
        {
            yield return $"{nameof(MaxStaleness)} must be positive and at most a day, but is '{MaxStaleness}'.";
        }

        if (PollInterval < TimeSpan.FromMilliseconds(10) || PollInterval > MaxStaleness / 3)
        {
            yield return $"{nameof(PollInterval)} must be from 10 milliseconds to a third of {nameof(MaxStaleness)} ('{MaxStaleness}'), but is '{PollInterval}'.";
        }
    }
}
