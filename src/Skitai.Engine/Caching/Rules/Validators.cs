using Skitai.Engine.Proxy.Upstream;

namespace Skitai.Engine.Caching.Rules;

/// <summary>What tells one state of an answer's content from another (RFC 9110 section 8.8).</summary>
internal readonly struct Validators
{
    /// <summary>Reads an answer's.</summary>
    public Validators(ReadOnlySpan<Header> fields, DateTimeOffset answeredAt)
    {
        foreach (ref readonly var field in fields)
        {
            if (EntityTag is null && field.Name.Equals("ETag", StringComparison.OrdinalIgnoreCase) && field.Value.Length > 0)
            {
                EntityTag = field.Value;
            }
            else if (LastModifiedText is null && field.Name.Equals("Last-Modified", StringComparison.OrdinalIgnoreCase)
                && HttpDate.TryParse(field.Value, answeredAt, out var modified))
            {
                (LastModifiedText, LastModified) = (field.Value, modified);
            }
            else if (Date is null && field.Name.Equals("Date", StringComparison.OrdinalIgnoreCase) && HttpDate.TryParse(field.Value, answeredAt, out var date))
            {
                Date = date;
            }
        }
    }

    /// <summary>As it came; null = none.</summary>
    public string? EntityTag { get; }

    /// <summary>When it was last modified; null = unknown.</summary>
    public DateTimeOffset? LastModified { get; }

    /// <summary><see cref="LastModified"/> as it came.</summary>
    public string? LastModifiedText { get; }

    /// <summary>When the answer was made; null = it does not say.</summary>
    public DateTimeOffset? Date { get; }

    /// <summary>Whether the origin can be asked if it has changed.</summary>
    public bool Any => EntityTag is not null || LastModifiedText is not null;
}
