using Skitai.Configuration.Keys;
using Skitai.Configuration.Sections;
using Skitai.Configuration.Settings;

namespace Skitai.Configuration;

/// <summary>Reads <c>skitaid.conf</c>: text to settings.</summary>
internal sealed class DaemonConf(Machine machine)
{
    private static readonly Section Crontab = new(
        "crontab", "Jobs, as in a POSIX crontab: five time fields, then a command. Variables in it are the shell's.", null)
    { KeepsLines = true, Later = Feature.Cron };

    /// <summary>Every section it may have, in the order of the reference.</summary>
    public static readonly IReadOnlyList<Section> Sections = [GlobalSection.Declaration, MailSection.Declaration, Crontab];

    public ConfResult<DaemonSettings> Read(ConfFile file, string etcPath)
    {
        var conf = SectionSet.Read(file, Sections, InstanceConf.Sections, "an instance's conf in servers-enabled");
        var context = new ReadContext(file.Directory, machine, file.Errors);
        SectionReader Reader(Section section) => new(conf.Find(section), section, Sections, context);

        Reader(MailSection.Declaration).CheckAll(MailSection.Declaration);
        foreach (var job in conf.Find(Crontab)?.Lines ?? [])
        {
            context.Errors.Add(job.Line, $"[crontab] {Feature.Cron.Refusal}");
        }

        var settings = GlobalSection.Build(Reader(GlobalSection.Declaration), etcPath);
        return file.Errors.Result(settings);
    }
}
