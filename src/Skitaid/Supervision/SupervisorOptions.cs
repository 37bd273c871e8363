namespace Skitaid.Supervision;

/// <summary>How a supervisor is to run.</summary>
internal sealed record SupervisorOptions
{
    /// <summary>The config tree.</summary>
    public required string Etc { get; init; }

    /// <summary>Instead of the conf's log_path.</summary>
    public string? LogPath { get; init; }

    /// <summary>Instead of the conf's var_path.</summary>
    public string? VarPath { get; init; }

    /// <summary>Where skitaid.log's lines go as well; null = nowhere.</summary>
    public TextWriter? Console { get; init; }

    /// <summary>Whether that understands colours.</summary>
    public bool Colours { get; init; }

    /// <summary>HUP means that the person's terminal is gone, and ends it as TERM does; else it asks for a restart.</summary>
    public bool HangUpEnds { get; init; }

    /// <summary>What stands between the person who starts it and its way there: errors and, at last, that it is ready.</summary>
    public required Action<string> Tell { get; init; }

    /// <summary>Whether it tells the warnings about the confs, too, and not only the log.</summary>
    public bool TellsWarnings { get; init; }

    /// <summary>Called once everything that can serve serves; told how many instances do not.</summary>
    public Action<Supervisor, int>? OnReady { get; init; }
}
