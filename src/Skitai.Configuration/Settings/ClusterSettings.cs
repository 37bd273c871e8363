namespace Skitai.Configuration.Settings;

/// <summary>What one <c>[@name]</c> of type http says: servers behind one name, and how they are dealt with.</summary>
public sealed record ClusterSettings
{
    /// <summary>With its <c>@</c>.</summary>
    public required string Name { get; init; }

    /// <summary>At least one.</summary>
    public required IReadOnlyList<ClusterMember> Members { get; init; }

    /// <summary>Whether the members speak TLS.</summary>
    public bool Ssl { get; init; }

    /// <summary>Whether a member's certificate has to be valid, and for the right name. Only with <see cref="Ssl"/>.</summary>
    public bool Verify { get; init; } = true;

    /// <summary>Absolute path of a PEM file with the only authorities that are believed; null = those of the system.</summary>
    public string? CaFile { get; init; }

    /// <summary>The name that the members' certificates are for (SNI, too); null = each member's host as the conf has it.</summary>
    public string? SslName { get; init; }

    /// <summary>The HTTP version.</summary>
    public MemberProtocol Protocol { get; init; }

    /// <summary>Whether members get their own <c>host:port</c> as Host (<c>host = member</c>), not what the client asked for.</summary>
    public bool SendsMemberHost { get; init; }

    /// <summary>Whether RFC 7239's Forwarded is sent, too.</summary>
    public bool SendsForwarded { get; init; }

    /// <summary>A path with perhaps a query that is asked to see whether a member is well; null = none is.</summary>
    public string? HealthPath { get; init; }

    /// <summary>How often it is asked.</summary>
    public TimeSpan HealthInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long connecting may take, TLS included.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a member's answer may take to begin, once it has the request; null = <see cref="TuneSettings.ResponseTimeout"/>.</summary>
    public TimeSpan? ResponseTimeout { get; init; }

    /// <summary>How long an answer that has begun may stand still. Zero = for ever.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long an upgraded connection (WebSocket) may be silent in both directions. Zero = for ever.</summary>
    public TimeSpan TunnelTimeout { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Failures in a row after which a member is left alone for a while.</summary>
    public int MaxFails { get; init; } = 1;

    /// <summary>For how long the first time; twice that each further time, up to half a minute or, if that is longer, this itself.</summary>
    public TimeSpan FailTimeout { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a member that comes back takes to get its full share. Zero = it gets it at once.</summary>
    public TimeSpan SlowStart { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How often a request that may have reached a member is given to another one, where that is safe.</summary>
    public int Retries { get; init; } = 2;

    /// <summary>Whether a client stays with its member, by a cookie.</summary>
    public bool Sticky { get; init; }

    /// <summary>Requests that one member may have in hand; 0 = any number.</summary>
    public int MaxConnections { get; init; }

    /// <summary>Requests that may wait until a member has fewer than <see cref="MaxConnections"/> in hand; the next gets 503.</summary>
    public int MaxQueue { get; init; } = 1000;

    /// <summary>Whether answers are kept in the instance's cache, as far as they allow it.</summary>
    public bool Cache { get; init; } = true;

    /// <summary>Whether an answer that sets cookies may be kept when it says itself that it is public.</summary>
    public bool CacheCookies { get; init; }

    /// <summary>Whether an answer that says nothing of its freshness is fresh for a tenth of its age (RFC 9111 section 4.2.2).</summary>
    public bool CacheHeuristic { get; init; }

    /// <summary>Whether the other says the same in everything, the order of members included.</summary>
    public bool MeansTheSameAs(ClusterSettings other)
    {
        ArgumentNullException.ThrowIfNull(other);

        // The records' own equality would compare the lists by reference.
        return Members.SequenceEqual(other.Members) && (this with { Members = other.Members }) == other;
    }
}
