using Microsoft.Extensions.Logging;

namespace Skitai.Engine.Logging;

/// <summary>
/// The logs of one instance. <see cref="Server"/> is what the instance itself has to say; <see cref="App"/> is what the
/// apps print and raise. As an <see cref="ILoggerFactory"/> it makes loggers that write to server.log.
/// </summary>
public sealed class InstanceLogs : ILoggerFactory, ILoggerProvider
{
    private readonly LogWriter? _writer;
    private readonly LogFile[] _files = [];
    private readonly TextLog _server;
    private readonly ServerEventLogger _events;

    /// <summary>Opens the logs.</summary>
    /// <param name="directory">Where the files are; made when it is not there; null = no files.</param>
    /// <param name="console">Whether lines go to standard error too.</param>
    /// <param name="time">The clock.</param>
    public InstanceLogs(string? directory, bool console, TimeProvider time)
    {
        var clock = new LogClock(time);
        if (directory is not null)
        {
            Directory.CreateDirectory(directory);
            var rotation = LogRotation.Default(time);
            _writer = new LogWriter();
            _files =
            [
                _writer.Add(Path.Combine(directory, "server.log"), clock, rotation),
                _writer.Add(Path.Combine(directory, "app.log"), clock, rotation),
                _writer.Add(Path.Combine(directory, "request.log"), clock, rotation),
            ];
        }

        _server = new TextLog(_files.ElementAtOrDefault(0), clock, console);
        _events = new ServerEventLogger(_server, time);
        Server = new TextLogger(_server, LogLevel.Information);
        App = new TextLogger(new TextLog(_files.ElementAtOrDefault(1), clock, console), LogLevel.Trace);
        Requests = new RequestLog(_files.ElementAtOrDefault(2), clock, console);
    }

    /// <summary>server.log.</summary>
    public ILogger Server { get; }

    /// <summary>app.log.</summary>
    public ILogger App { get; }

    /// <summary>request.log.</summary>
    internal RequestLog Requests { get; }

    /// <summary>The last line of level error in server.log; null = none.</summary>
    internal TextLog.LastEntry? LastError => _server.LastError;

    /// <summary>Lines lost because a disk was full or too slow.</summary>
    internal long LinesLost => _files.Sum(file => file.Dropped);

    /// <summary>A logger that writes to server.log: ASP.NET's own from warnings up and never many, ours from info up.</summary>
    public ILogger CreateLogger(string categoryName) => categoryName.StartsWith("Microsoft.", StringComparison.Ordinal)
        ? _events
        : Server;

    /// <summary>Not used: these logs are all there is.</summary>
    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    /// <summary>Completes when everything logged so far is given to the disk.</summary>
    public Task FlushAsync() => _writer?.FlushAsync() ?? Task.CompletedTask;

    /// <summary>Rotates every log; one that was moved away from outside is only opened anew.</summary>
    /// <returns>A line for each that could not be rotated or cannot be written, with why.</returns>
    public Task<IReadOnlyList<string>> RotateAsync() => _writer?.RotateAsync() ?? Task.FromResult<IReadOnlyList<string>>([]);

    /// <summary>Writes out everything and closes the files.</summary>
    public void Dispose() => _writer?.Dispose();
}
