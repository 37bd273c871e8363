using Microsoft.Extensions.Logging;
using Skitai.Configuration.Settings;
using Skitai.Engine.Hosting;
using Skitai.Engine.Proxy.Forwarding;
using Skitai.Engine.Proxy.Upstream;
using Skitai.Engine.Routing;
using Skitai.Engine.Static;

namespace Skitai.Engine.Explaining;

/// <summary>A mount that remembers whether it was asked and what came of it.</summary>
internal sealed class TrialMount : Mount
{
    private readonly MountSettings _line;
    private readonly StaticMount? _files;
    private readonly ClusterSettings? _cluster;
    private readonly MemberRequest? _forwarded;

    public TrialMount(MountSettings line, InstanceSettings settings, ILogger logger)
        : base(line.Path)
    {
        _line = line;
        var tune = settings.Tune;
        _files = line.Target is StaticTarget target
            ? new StaticMount(line.Path, target.Directory, tune.StaticMaxAge, tune.ResponseTimeout, TimeProvider.System, logger)
            : null;
        if (line.Target is ClusterTarget { Name: var name })
        {
            _cluster = settings.Clusters.First(cluster => cluster.Name == name);
            _forwarded = new MemberRequest();
        }
    }

    /// <summary>What came of the request; null = it was not asked.</summary>
    public MountOutcome? Outcome { get; private set; }

    /// <summary>Whether the app would have got it.</summary>
    public bool AppAnswers { get; private set; }

    /// <summary>Whether a member of the cluster would have got it.</summary>
    public bool MemberAnswers { get; private set; }

    /// <inheritdoc/>
    public override async ValueTask<MountOutcome> HandleAsync(Exchange exchange)
    {
        if (_files is not null)
        {
            Outcome = await _files.HandleAsync(exchange);
        }
        else if (_cluster is not null)
        {
            RequestFields.Fill(_forwarded!, exchange, Prefix, _cluster);
            (Outcome, MemberAnswers) = (MountOutcome.Handled, true);
        }
        else if (SlashRedirect.Applies(Prefix, exchange))
        {
            Outcome = await SlashRedirect.AnswerAsync(exchange);
        }
        else
        {
            (Outcome, AppAnswers) = (MountOutcome.Handled, true);
        }

        return Outcome.Value;
    }

    /// <summary>What there is to tell about it after the request.</summary>
    public TrialStep Tell(string path) => new()
    {
        Line = _line,
        Covers = MountTable.Covers(Prefix, path),
        Outcome = Outcome,
        ScriptName = AppAnswers ? Prefix : null,
        PathInfo = AppAnswers ? path[Prefix.Length..] : null,
        MemberTarget = MemberAnswers ? _forwarded!.Target : null,
        MemberHost = MemberAnswers ? _forwarded!.Authority : null,
        Finding = Outcome is null ? null : _files?.Look(path),
    };

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        if (_files is not null)
        {
            await _files.DisposeAsync();
        }

        await base.DisposeAsync();
    }
}
