namespace Skitai.Configuration.Settings;

/// <summary>
/// A host name pattern of a virtual host or an SNI certificate: <c>www.a.com</c> exact, <c>.a.com</c> the name and all
/// its subdomains, <c>*.a.com</c> the subdomains only.
/// </summary>
/// <param name="Kind">Which of the three forms it has.</param>
/// <param name="Name">The name in lower case, without the leading <c>.</c> or <c>*.</c>.</param>
public sealed record HostPattern(HostPatternKind Kind, string Name)
{
    /// <summary>The pattern as it is written in a conf.</summary>
    public override string ToString() => Kind switch
    {
        HostPatternKind.DomainAndSubdomains => "." + Name,
        HostPatternKind.SubdomainsOnly => "*." + Name,
        _ => Name,
    };
}
