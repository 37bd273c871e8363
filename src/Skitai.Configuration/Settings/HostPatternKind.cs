namespace Skitai.Configuration.Settings;

/// <summary>The three forms of a <see cref="HostPattern"/>.</summary>
public enum HostPatternKind
{
    /// <summary><c>www.a.com</c>: this name only.</summary>
    Exact,

    /// <summary><c>.a.com</c>: the name and all its subdomains.</summary>
    DomainAndSubdomains,

    /// <summary><c>*.a.com</c>: the subdomains, not the name itself.</summary>
    SubdomainsOnly,
}
