namespace Skitai.Configuration;

/// <summary>Names that no instance can have: the daemons of 2016 that come in a later version have them.</summary>
public static class ReservedNames
{
    /// <summary>What has the name; null = nobody.</summary>
    public static string? OwnerOf(string? name) => name switch
    {
        "cron" => "the job scheduler",
        "smtpda" => "the mail delivery agent",
        _ => null,
    };
}
