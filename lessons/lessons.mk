# Lessons: machines that are looked at step by step in Bochs; the Makefile includes this.

LESSONS_TAR := $(BUILD)/lessons.tar
lesson_cores := $(patsubst %,$(BUILD)/image/%,core test-core $(addsuffix -core,$(LESSON_CORES)))

$(LESSONS_TAR): $(lesson_cores) $(call image_files,$(SERVERS) $(LESSON_PROGRAMS)) $(LESSON_ELFS) $(wildcard lessons/*.py) \
    tools/lesson-image tools/image tools/names $(wildcard tools/watch/*.py)
	$(call say,LESSON,$@)
	$(Q)tools/lesson-image --build $(BUILD) $@

lesson-image: $(LESSONS_TAR) ## make the file that lessons run from: build/lessons.tar

lesson: $(if $(N),$(if $(IMAGE),,$(LESSONS_TAR))) ## list the lessons, or take one: N=1 IMAGE=FILE
	@tools/lesson $(if $(N),--image '$(or $(IMAGE),$(LESSONS_TAR))' '$(N)')

lesson-check: $(LESSONS_TAR) ## run all lessons by themselves, and compare what they show with the machine
	@tools/lesson --build $(BUILD) --image $(LESSONS_TAR) --check $(N)

lesson-transcripts: $(LESSONS_TAR) ## write what the lessons show to docs/lessons/generated/
	@tools/lesson --build $(BUILD) --image $(LESSONS_TAR) --check --write docs/lessons/generated
.PHONY: lesson lesson-image lesson-check lesson-transcripts
