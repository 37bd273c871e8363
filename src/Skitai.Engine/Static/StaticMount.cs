using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Win32.SafeHandles;
using Skitai.Engine.Hosting;
using Skitai.Engine.Routing;

namespace Skitai.Engine.Static;

/// <summary>
/// A directory of static files (RFC 9110, RFC 9111): index files, conditional and range requests, precompressed
/// siblings. Serves what is below its directory and nothing else; passes on what it does not have.
/// </summary>
public sealed partial class StaticMount : Mount
{
    /// <summary>What all small files of one mount may take in memory, in bytes.</summary>
    private const long CacheCapacity = 16 * 1024 * 1024;

    /// <summary>A file that was changed again and again gives up after so many looks.</summary>
    private const int Tries = 3;

    /// <summary>
    /// A file so lately changed is not kept: on a file system with coarse times the next change may look the same.
    /// </summary>
    private static readonly TimeSpan s_settled = TimeSpan.FromSeconds(2);

    private readonly string _directoryName;
    private readonly StaticDirectory _directory;
    private readonly StaticAnswer _answer;
    private readonly FileCache _cache = new(CacheCapacity);
    private readonly TimeSpan _maxAge, _patience;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;

    /// <summary>Mounts a directory.</summary>
    /// <param name="path">The mount's path: <c>/</c>, or <c>/x</c> without a trailing slash.</param>
    /// <param name="directory">Absolute path; may be, or lead through, links.</param>
    /// <param name="maxAge">Freshness lifetime (<c>Cache-Control: max-age</c>); zero = <c>no-cache</c>.</param>
    /// <param name="patience">A client that takes nothing of its answer for so long is cut off.</param>
    /// <param name="time">The clock; null = the system's.</param>
    /// <param name="logger">Where faults of the file system go; null = nowhere.</param>
    public StaticMount(
        string path, string directory, TimeSpan maxAge, TimeSpan patience, TimeProvider? time = null, ILogger? logger = null)
        : base(path)
    {
        _time = time ?? TimeProvider.System;
        _logger = logger ?? NullLogger.Instance;
        (_directoryName, _maxAge, _patience) = (directory, maxAge, patience);
        _directory = new StaticDirectory(directory, _time);
        _answer = new StaticAnswer(new FileSender(patience, _time, _logger), maxAge, _time);
    }

    /// <summary>Bytes that kept files take in memory.</summary>
    public long CachedBytes => _cache.Size;

    /// <summary>Whether it is what a conf wants that says this.</summary>
    internal bool Serves(string directory, TimeSpan maxAge, TimeSpan patience) =>
        directory == _directoryName && maxAge == _maxAge && patience == _patience;

    /// <inheritdoc/>
    public override MountStatus GetStatus() => new(Path, "static") { Target = _directoryName };

    /// <inheritdoc/>
    public override ValueTask<MountOutcome> HandleAsync(Exchange exchange)
    {
        ArgumentNullException.ThrowIfNull(exchange);
        var found = Find(exchange.Path);
        if (found.Kind == LookupKind.NotFound)
        {
            return ValueTask.FromResult(MountOutcome.NotFound);
        }

        if (exchange.Method is not ("GET" or "HEAD"))
        {
            return ValueTask.FromResult(MountOutcome.MethodNotAllowed);
        }

        if (found.File is not { } file)
        {
            return RefuseAsync(exchange, found);
        }

        var form = StaticAnswer.Choose(file, exchange.Request.Headers);
        if (form.Content is null)
        {
            return SendFromDiskAsync(exchange, file, form);
        }

        var sent = _answer.SendAsync(exchange, file, form, null);
        return sent.IsCompletedSuccessfully ? ValueTask.FromResult(MountOutcome.Handled) : FinishAsync(sent);
    }

    private static async ValueTask<MountOutcome> FinishAsync(ValueTask sent)
    {
        await sent;
        return MountOutcome.Handled;
    }

    private Lookup Find(string path)
    {
        if (_cache.TryGet(path, out var kept))
        {
            if (kept.IsCurrent())
            {
                return new Lookup(LookupKind.File, kept);
            }

            _cache.Remove(path, kept);
        }

        var found = _directory.Find(path.AsSpan(Prefix.Length));
        if (found.File is { } file && IsSettled(file))
        {
            _cache.Add(path, file);
        }

        return found;
    }

    private bool IsSettled(StaticFile file) =>
        _time.GetUtcNow() - DateTimeOffset.UnixEpoch > s_settled + TimeSpan.FromTicks(file.Changed / 100);

    private async ValueTask<MountOutcome> SendFromDiskAsync(Exchange exchange, StaticFile file, Representation form)
    {
        SafeFileHandle? handle;
        for (var i = 1; ; i++)
        {
            var opened = _directory.Open(form, out handle, out var unchanged);
            if (opened.Kind == LookupKind.File && (unchanged || i == Tries))
            {
                break;
            }

            // Replaced between the look and the opening: what the headers would say is no longer so.
            handle?.Dispose();
            var found = i == Tries ? opened : Find(exchange.Path);
            if (found.Kind == LookupKind.NotFound)
            {
                return MountOutcome.NotFound;
            }

            if (found.File is null)
            {
                return await RefuseAsync(exchange, found);
            }

            file = found.File;
            form = StaticAnswer.Choose(file, exchange.Request.Headers);
            if (form.Content is not null)
            {
                handle = null;
                break;
            }
        }

        using (handle)
        {
            try
            {
                await _answer.SendAsync(exchange, file, form, handle);
            }
            catch (IOException error)
            {
                Log.BrokeOff(_logger, _directoryName, exchange.Path, error.Message);
            }
        }

        return MountOutcome.Handled;
    }

    private async ValueTask<MountOutcome> RefuseAsync(Exchange exchange, Lookup found)
    {
        switch (found.Kind)
        {
            case LookupKind.Redirect:
                return await SlashRedirect.AnswerAsync(exchange);
            case LookupKind.Forbidden:
                await StatusPage.WriteAsync(exchange, StatusCodes.Status403Forbidden);
                break;
            case LookupKind.Busy:
                Log.Exhausted(_logger, _directoryName, exchange.Path, Marshal.GetPInvokeErrorMessage(found.Error));
                exchange.Response.Headers.RetryAfter = "1";
                await StatusPage.WriteAsync(exchange, StatusCodes.Status503ServiceUnavailable);
                break;
            default:
                Log.Unreadable(_logger, _directoryName, exchange.Path, Marshal.GetPInvokeErrorMessage(found.Error));
                await StatusPage.WriteAsync(exchange, StatusCodes.Status500InternalServerError);
                break;
        }

        return MountOutcome.Handled;
    }
}
