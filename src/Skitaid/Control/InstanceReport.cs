namespace Skitaid.Control;

/// <summary>What an instance tells the supervisor.</summary>
/// <param name="Report">One of the constants here.</param>
/// <param name="Why">For <see cref="Failed"/>, <see cref="Reloaded"/> when it refused, <see cref="Rotated"/> when a log could not be, <see cref="Ordered"/> and <see cref="Purged"/> when it did not work: one line.</param>
/// <param name="Mounts">For <see cref="Ready"/> and <see cref="Reloaded"/>: the mounts that answer 503, and why.</param>
/// <param name="Figures">For <see cref="Status"/>.</param>
/// <param name="Changes">For <see cref="Reloaded"/>: how many mounts were kept, started and ended.</param>
/// <param name="Count">For <see cref="Ordered"/>: requests that the member has in hand; for <see cref="Purged"/>: answers that have gone.</param>
/// <param name="Drained">For <see cref="Ordered"/>: the members of its clusters that are drained by hand now.</param>
/// <param name="Number">That of the order which it answers.</param>
internal sealed record InstanceReport(
    string Report,
    string? Why = null,
    IReadOnlyList<MountFailure>? Mounts = null,
    InstanceFigures? Figures = null,
    MountChanges? Changes = null,
    long? Count = null,
    IReadOnlyList<MemberName>? Drained = null,
    long Number = 0)
{
    /// <summary>It serves.</summary>
    public const string Ready = "ready";

    /// <summary>It cannot serve and is about to exit.</summary>
    public const string Failed = "failed";

    /// <summary>It was told to end and takes no new connection any more.</summary>
    public const string Draining = "draining";

    /// <summary>The answer to <see cref="InstanceOrder.Reload"/>.</summary>
    public const string Reloaded = "reloaded";

    /// <summary>The answer to <see cref="InstanceOrder.Rotate"/>.</summary>
    public const string Rotated = "rotated";

    /// <summary>The answer to <see cref="InstanceOrder.Member"/>.</summary>
    public const string Ordered = "ordered";

    /// <summary>The answer to <see cref="InstanceOrder.Purge"/>.</summary>
    public const string Purged = "purged";

    /// <summary>The answer to <see cref="InstanceOrder.Status"/>.</summary>
    public const string Status = "status";
}
