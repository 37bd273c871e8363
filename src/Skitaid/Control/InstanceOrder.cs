using Skitai.Configuration.Settings;

namespace Skitaid.Control;

/// <summary>What the supervisor tells an instance.</summary>
/// <param name="Order">One of the constants here.</param>
/// <param name="Seconds">For <see cref="Drain"/> and <see cref="Stop"/>: how long requests in hand may take.</param>
/// <param name="Conf">For <see cref="Start"/>.</param>
/// <param name="Live">For <see cref="Reload"/>: what the conf says now.</param>
/// <param name="Force">For <see cref="Reload"/>: also when an app that works now would not any more.</param>
/// <param name="Renewed">For <see cref="Certificate"/>.</param>
/// <param name="MemberOrder">For <see cref="Member"/>.</param>
/// <param name="PurgeOrder">For <see cref="Purge"/>.</param>
/// <param name="Number">For what is answered by a report of the same number: <see cref="Status"/>, <see cref="Reload"/>, <see cref="Rotate"/>, <see cref="Member"/>, <see cref="Purge"/>.</param>
internal sealed record InstanceOrder(
    string Order,
    double Seconds = 0,
    InstanceConf? Conf = null,
    LiveSettings? Live = null,
    bool Force = false,
    RenewedCertificate? Renewed = null,
    MemberOrder? MemberOrder = null,
    PurgeOrder? PurgeOrder = null,
    long Number = 0)
{
    /// <summary>Serve; the first order. Answered with <see cref="InstanceReport.Ready"/> or <see cref="InstanceReport.Failed"/>.</summary>
    public const string Start = "start";

    /// <summary>Stop accepting, finish what is in hand, exit 0.</summary>
    public const string Drain = "drain";

    /// <summary>The same in a hurry.</summary>
    public const string Stop = "stop";

    /// <summary>Take up a changed conf; answered with an <see cref="InstanceReport.Reloaded"/>.</summary>
    public const string Reload = "reload";

    /// <summary>Begin new log files; answered with an <see cref="InstanceReport.Rotated"/>.</summary>
    public const string Rotate = "rotate";

    /// <summary>Drain a member of a cluster, or take it up again; answered with an <see cref="InstanceReport.Ordered"/>.</summary>
    public const string Member = "member";

    /// <summary>Let go of cached answers; answered with an <see cref="InstanceReport.Purged"/>.</summary>
    public const string Purge = "purge";

    /// <summary>Answer with an <see cref="InstanceReport.Status"/>.</summary>
    public const string Status = "status";

    /// <summary>Take up a certificate whose files you may not read yourself, or log why they cannot be used.</summary>
    public const string Certificate = "certificate";
}
