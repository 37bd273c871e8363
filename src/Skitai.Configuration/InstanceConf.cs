using System.Text.RegularExpressions;
using Skitai.Configuration.Grammar;
using Skitai.Configuration.Keys;
using Skitai.Configuration.Routes;
using Skitai.Configuration.Sections;
using Skitai.Configuration.Settings;

namespace Skitai.Configuration;

/// <summary>Reads an instance's conf: text to settings.</summary>
internal sealed partial class InstanceConf(Machine machine)
{
    private static readonly Section Routes = new(
        "routes",
        "What is served where: mounts `PATH = TARGET`, and `@ host host` lines that start a virtual host. See above.",
        null)
    { KeepsLines = true, Alias = "route" };

    /// <summary>Every section an instance's conf may have, in the order of the reference.</summary>
    public static readonly IReadOnlyList<Section> Sections =
    [
        ServerSection.Declaration, Routes, EnvironmentSection.Declaration, SslSection.Declaration, SslSection.Certificates,
        TuneSection.Declaration, ProxyPassSection.Declaration, GatewaySection.Declaration, ClusterSection.Declaration,
    ];

    /// <summary>Whether a text can be an instance's name.</summary>
    public static bool IsName(string text) => InstanceName().IsMatch(text);

    /// <summary>Reads a conf.</summary>
    /// <param name="name">The instance's name.</param>
    /// <param name="file">Its text.</param>
    /// <param name="portLine">Where it says which port it takes; 0 when it does not.</param>
    public ConfResult<InstanceSettings> Read(string name, ConfFile file, out int portLine)
    {
        var errors = file.Errors;
        if (!IsName(name))
        {
            errors.Add(0, $"{ErrorList.Quote(name)} cannot name an instance; a name begins with a letter or digit and goes on with letters, digits, '.', '_' and '-'");
        }

        if (ReservedNames.OwnerOf(name) is { } owner)
        {
            errors.Add(0, $"'{name}' is reserved: {owner} of a later version has it; give the conf another name");
        }

        var conf = SectionSet.Read(file, Sections, DaemonConf.Sections, "skitaid.conf");
        var context = new ReadContext(file.Directory, machine, errors);
        SectionReader Reader(Section section) => new(conf.Find(section), section, Sections, context);

        Reader(GatewaySection.Declaration).CheckAll(GatewaySection.Declaration);
        var serverReader = Reader(ServerSection.Declaration);
        portLine = ServerSection.PortLine(serverReader);
        var server = ServerSection.Build(serverReader, name);
        var clusters = new ClusterSection(server, context);
        return errors.Result(new InstanceSettings
        {
            Name = name,
            ConfPath = file.Path,
            ConfText = file.Text,
            Server = server,
            Environment = EnvironmentSection.Build(conf.Find(EnvironmentSection.Declaration), context),
            Ssl = new SslSection(context).Build(Reader(SslSection.Declaration), conf.Find(SslSection.Certificates)),
            Tune = TuneSection.Build(Reader(TuneSection.Declaration)),
            Cache = ProxyPassSection.Build(Reader(ProxyPassSection.Declaration)),
            Clusters = [.. conf.Clusters.Select(cluster => clusters.Build(cluster, new SectionReader(cluster, ClusterSection.Declaration, Sections, context)))],
            Hosts = RouteReader.Read(conf.Find(Routes), [.. conf.Clusters.Select(cluster => cluster.Name)], context),
        });
    }

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9._-]*\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex InstanceName();
}
