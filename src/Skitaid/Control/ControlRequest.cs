namespace Skitaid.Control;

/// <summary>What a command asks of the running daemon, over its control socket.</summary>
/// <param name="Command">One of the constants here.</param>
/// <param name="Name">The instance it is about; null = the daemon, or all of them.</param>
/// <param name="Force">For <see cref="Restart"/> and <see cref="Reload"/>: also when an app that works now would not any more.</param>
/// <param name="Program">The program that asks; null = it does not say.</param>
/// <param name="MemberOrder">For <see cref="Member"/>.</param>
/// <param name="PurgeOrder">For <see cref="Purge"/>.</param>
internal sealed record ControlRequest(
    string Command, string? Name = null, bool Force = false, string? Program = null, MemberOrder? MemberOrder = null, PurgeOrder? PurgeOrder = null)
{
#pragma warning disable CS1591 // the words of the command line
    public const string Status = "status", Restart = "restart", Reload = "reload", Stop = "stop", Shutdown = "shutdown", Terminate = "terminate", Rotate = "rotate";
    public const string Member = "member", Purge = "purge";
#pragma warning restore CS1591
}
