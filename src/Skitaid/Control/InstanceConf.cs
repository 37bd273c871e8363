namespace Skitaid.Control;

/// <summary>
/// What an instance is to serve, in an <see cref="InstanceOrder.Start"/>. The supervisor says it: a process that is started
/// anew after a death must not stumble over a conf that somebody is about to edit.
/// </summary>
/// <param name="Text">The conf, checked by the supervisor.</param>
/// <param name="Python">The interpreter of its apps, the daemon's default applied.</param>
/// <param name="User">Whom to run as, the daemon's default applied; null = unchanged.</param>
/// <param name="Group">Its group; null = the user's own.</param>
/// <param name="Drained">The members of its clusters that were drained by hand; null = none.</param>
internal sealed record InstanceConf(string Text, string Python, string? User, string? Group, IReadOnlyList<MemberName>? Drained = null);
